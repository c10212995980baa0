"""Functions that cast to a narrower dtype inside, without the rounding of that, in frameworks that trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Run = Callable[[Sequence[Any]], list[Any]]
Differentiated = tuple[list[Any], Run]
"""Results, and their pull."""
Vjp = Callable[[Run, Sequence[Any]], Differentiated]
Program = Callable[[Callable[..., Any], Sequence[Any]], Callable[..., list[Any]]]


class Silent:
    """The noise of a run in which nothing rounds: see `Noise` of a framework."""

    finer: Mapping[Any, Any] = {}
    most = counts = None

    def uncounted(self) -> Silent:
        """The same."""
        return self

    def inside(self, _: Any) -> Silent:
        """The same."""
        return self

    def round(self, value: Any, *_: Any) -> Any:
        """The value."""
        return value


class Exact:
    """One function, whose every operation is carried out in float64, whatever dtype the traced program gives its result.

    vjp       how a function is differentiated
    program   (function, arguments) -> a function of their leaves, with every operation in float64
    zeros     zeros like a tensor
    wide      a tensor in float64
    cast      (tensor, name of a dtype) -> the tensor in it
    dtypes    what the first inputs claim to be; those beyond, float64
    anew      whether the function is traced at each call: somebody may have changed its code
    """

    def __init__(
        self, vjp: Vjp, program: Program, zeros: Any, wide: Any, cast: Any, dtypes: Sequence[str], anew: Callable[[], bool]
    ) -> None:
        self._vjp, self._program, self._zeros, self._wide = vjp, program, zeros, wide
        self._cast, self._dtypes, self._anew = cast, dtypes, anew
        self._kept: dict[str, Callable[..., list[Any]]] = {}

    def run(self, run: Run) -> Run:
        """What run returns, in float64. It is traced once."""
        programs: list[Callable[..., list[Any]]] = []

        def exactly(inputs: Sequence[Any]) -> list[Any]:
            if not programs:
                programs.append(self._program(lambda *leaves: run(leaves), self._claiming(inputs)))
            return programs[0](*inputs)

        return exactly

    def vjp(self, run: Run, inputs: Sequence[Any]) -> Differentiated:
        """What run returns for these inputs, and its pull, in float64."""
        return self._differentiated("", run, inputs)

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> Differentiated:
        """The gradients of run for these cotangents, and their own pull, in float64."""
        count, gradients = len(inputs), self._gradients(run)
        return self._differentiated("second ", lambda given: gradients(given[:count], given[count:]), [*inputs, *cotangents])

    def _differentiated(self, order: str, run: Run, inputs: Sequence[Any]) -> Differentiated:
        outs = self._known(f"{order}values", lambda *leaves: run(leaves), self._claiming(inputs))(*inputs)

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [self._zeros(out) if dout is None else self._wide(dout) for out, dout in zip(outs, douts, strict=True)]
            return self._known(f"{order}gradients", self._gradients(run), [self._claiming(inputs), given])(*inputs, *given)

        return outs, pull

    def _known(self, name: str, function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., list[Any]]:
        """The program of a function of that name."""
        if self._anew():
            return self._program(function, arguments)
        if name not in self._kept:
            self._kept[name] = self._program(function, arguments)
        return self._kept[name]

    def _claiming(self, inputs: Sequence[Any]) -> list[Any]:
        """The inputs as a program is traced with them."""
        claimed = [self._cast(value, dtype) for value, dtype in zip(inputs, self._dtypes, strict=False)]
        return [*claimed, *inputs[len(claimed) :]]

    def _gradients(self, run: Run) -> Callable[[Sequence[Any], Sequence[Any]], list[Any]]:
        """(inputs, cotangents) -> gradients; zeros where there are none."""

        def gradients(leaves: Sequence[Any], douts: Sequence[Any]) -> list[Any]:
            _, pull = self._vjp(run, leaves)
            return [self._zeros(leaf) if g is None else g for g, leaf in zip(pull(douts), leaves, strict=True)]

        return gradients
