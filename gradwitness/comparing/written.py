"""A forward and a backward that somebody wrote in NumPy, as one of the functions that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.comparing.sides import SAY, Results
from gradwitness.judging.point import Point
from gradwitness.judging.precision import point_of
from gradwitness.report.findings import Finding
from gradwitness.rounding import arithmetic
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.handwritten import Pair
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.handed import handed, plain
from gradwitness.subjects.tensors.precision import EPS
from gradwitness.subjects.tensors.selection import Asked


class Written:
    """A pair; see `Side`."""

    framework = "numpy"
    differentiates = True
    own: frozenset[str] = frozenset()

    def __init__(
        self,
        name: str,
        pair: tuple[Callable[..., Any], Callable[..., Any]],
        inputs: Any,
        kwargs: Mapping[str, Any],
        dtype: str | None,
        *,
        wrt: Asked = None,
        outputs: Asked = None,
        **_: Any,
    ) -> None:
        if dtype == "bfloat16":
            raise BadCall("dtype", "'bfloat16'", "a dtype of NumPy", SAY.format("a framework"))
        self.name, (self.function, backward) = name, pair
        asked = [wrt] if isinstance(wrt, (str, int)) else wrt
        self.subject = Pair(self.function, backward, handed(inputs, "numpy"), handed(dict(kwargs), "numpy"), wrt=asked)
        self.given = frozenset((*self.subject.names, *kwargs))
        self.leaves: Mapping[str, Array] = {leaf.name: leaf.array for leaf in self.subject.leaves}
        self.dtype = dtype or max((array.dtype.name for array in self.leaves.values()), key=EPS.__getitem__)
        self._outputs = [outputs] if isinstance(outputs, (str, int)) else outputs

    def run(self, douts: Sequence[Array] | None, /, arrays: Mapping[str, Array] | None = None, exact: bool = False) -> Results:
        """See `Side`."""
        dtype = np.dtype(self.dtype)
        rounded = [np.asarray(value).astype(dtype) for value in (arrays or self.leaves).values()]
        outs, gradients = self._called([value.astype(wider(dtype)) if exact else value for value in rounded], douts)
        return Results(
            {name: plain(out) for name, out in outs.items()},
            {name: np.asarray(out).dtype.name for name, out in outs.items()},
            {name: None if g is None else plain(g) for name, g in zip(self.leaves, gradients, strict=True)},
        )

    def values(self, arrays: Mapping[str, Array] | None = None, *, exact: bool = True) -> dict[str, Array]:
        """See `Side`."""
        return self.run(None, arrays, exact).outs

    def measured(self, douts: Sequence[Array] | None, /, seed: int, dtype: str = "") -> dict[str, Measured]:
        """By Monte Carlo arithmetic in NumPy."""
        dtype = dtype or self.dtype
        if dtype not in ("float32", "float64"):
            raise NotWatched(f"NumPy has no arithmetic like {dtype} of other programs")
        found = self.run(douts)
        names = [*found.outs, *(f"d{name}" for name, gradient in found.gradients.items() if gradient is not None)]

        def results(lift: Callable[[Array], Array]) -> list[Array]:
            def lifted(arrays: Sequence[Array]) -> list[Array]:
                return [lift(np.asarray(array).astype(np.dtype(dtype))) for array in arrays]

            outs, gradients = self._called(lifted(list(self.leaves.values())), None if douts is None else lifted(douts))
            return [*outs.values(), *(gradient for gradient in gradients if gradient is not None)]

        try:
            return dict(zip(names, arithmetic.measure(results, np.dtype(dtype), seed=seed), strict=True))
        except (TypeError, ValueError, AttributeError, UserError) as error:
            raise NotWatched(f"{error}: write it in plain NumPy operations") from error

    def changed(self, keywords: Mapping[str, Any], *, rewritten: bool) -> AbstractContextManager[None]:
        """See `Side`. Nothing is compiled."""
        del rewritten
        return self.subject.extended(keywords)

    def point(self, seed: int, state: State) -> tuple[Point, list[Finding]]:
        """See `Side`."""
        return point_of(self.subject, seed, state), []

    def _called(self, arrays: Sequence[Any], douts: Sequence[Array] | None) -> tuple[dict[str, Any], list[Any]]:
        """The outputs that are looked at, and the gradients; none without cotangents."""
        with np.errstate(all="ignore"):
            call = self.subject.forward(arrays)
            looked = [i for i, name in enumerate(call.out_names) if self._is_asked(i, name)]
            gradients: list[Any] = [None] * len(self.leaves)
            if douts is not None:
                parts = dict(zip(looked, douts, strict=True))
                every = [parts.get(i, np.zeros(np.shape(out))) for i, out in enumerate(call.outs)]
                gradients = call.backward([_like(dout, out) for dout, out in zip(every, call.outs, strict=True)])
        return {call.out_names[i]: call.outs[i] for i in looked}, gradients

    def _is_asked(self, number: int, name: str) -> bool:
        return self._outputs is None or any(one in (number, name) or name == f"out[{one}]" for one in self._outputs)


def _like(dout: Array, out: Any) -> Array:
    """A cotangent in the dtype of its output; one that is watched has its own."""
    return dout.astype(np.asarray(out).dtype) if type(dout) is np.ndarray else dout
