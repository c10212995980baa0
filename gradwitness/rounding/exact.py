"""Functions that cast to a narrower dtype inside, without the rounding of that, in frameworks that trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Run = Callable[[Sequence[Any]], list[Any]]
Vjp = Callable[[Run, Sequence[Any]], tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]]
Program = Callable[[Callable[..., Any], Sequence[Any]], Callable[..., list[Any]]]


class Silent:
    """The noise of a run in which nothing rounds: see `Noise` of a framework."""

    finer: Mapping[Any, Any] = {}

    def inside(self, _: Any) -> Silent:
        """The same."""
        return self

    def round(self, value: Any, *_: Any) -> Any:
        """The value."""
        return value


class Exact:
    """Every operation is carried out in float64, whatever dtype the traced program gives its result.

    vjp       how a function is differentiated
    program   (function, arguments) -> a function of their leaves, with every operation in float64
    cast      (tensor, dtype) -> the tensor in it
    zeros     zeros like a tensor
    wide      a tensor in float64
    """

    def __init__(self, vjp: Vjp, program: Program, cast: Any, zeros: Any, wide: Any) -> None:
        self._vjp, self._program, self._cast, self._zeros, self._wide = vjp, program, cast, zeros, wide

    def run(self, run: Run) -> Run:
        """What run returns, in float64. It is traced once."""
        programs: list[Callable[..., list[Any]]] = []

        def exactly(inputs: Sequence[Any]) -> list[Any]:
            if not programs:
                programs.append(self._program(lambda *leaves: run(leaves), inputs))
            return programs[0](*inputs)

        return exactly

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
        """What run returns for these inputs, and its pull, in float64."""
        outs = self.run(run)(inputs)

        def differentiated(leaves: Sequence[Any], douts: Sequence[Any]) -> list[Any]:
            found, pull = self._vjp(run, leaves)
            gradients = pull([self._cast(dout, out.dtype) for dout, out in zip(douts, found, strict=True)])
            return [self._zeros(leaf) if g is None else g for g, leaf in zip(gradients, leaves, strict=True)]

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [self._zeros(out) if dout is None else self._wide(dout) for out, dout in zip(outs, douts, strict=True)]
            return self._program(differentiated, [list(inputs), given])(*inputs, *given)

        return outs, pull
