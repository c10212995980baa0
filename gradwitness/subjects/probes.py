"""What can be wrong with a function besides its gradient, found by calling it as users do.

Each probe is a few calls in the user's own dtype. Nothing is put back between them: the question is what one call
leaves behind for the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call, Function
from gradwitness.subjects.state import State


class Probes:
    """The probes of one function.

    evaluations   calls of forward and of backward so far
    """

    def __init__(self, function: Function, state: State, seed: int) -> None:
        self.function, self.state, self.evaluations = function, state, 0
        self.arrays = [leaf.array for leaf in function.leaves]
        self._rng = np.random.default_rng((seed, 6))

    def findings(self) -> Iterator[Finding]:
        """What is wrong, each with what to do about it. Raises UserError where forward or backward cannot be called at all."""
        self.state.restore()
        given = self._copies()
        call = self._forward(given)
        yield from self._overwritten("forward", given)
        douts = self._douts(call)
        passed = [dout.copy() for dout in douts]
        first = self._backward(call, passed, copy=False)
        yield from _changed("dout", "backward", douts, passed, "Copy it before changing it: dout = dout.copy()")
        yield from self._overwritten("backward", given)
        yield from self._repeated(call, douts, first)
        yield from self._carried(douts, first)
        yield from self._deterministic(call)
        yield from self._cotangent(douts)
        self.state.restore()

    def _repeated(self, call: Call, douts: Sequence[Array], first: Sequence[Any]) -> Iterator[Finding]:
        try:
            again = self._backward(call, douts)
        except UserError as error:
            yield Finding("second backward", "note", f"The cache serves once: {error}")
            return
        if not _same(first, again):
            yield Finding(
                "second backward",
                "note",
                "A second call with the same cache returns another gradient: the cache serves once",
            )

    def _carried(self, douts: Sequence[Array], first: Sequence[Any]) -> Iterator[Finding]:
        """Another input first, then the input again: nothing of the other may be left."""
        self.state.restore()
        noise = (np.asarray(self._rng.normal(size=array.shape)) for array in self.arrays)
        other = [array + (_spread(array) * n).astype(array.dtype) for array, n in zip(self.arrays, noise, strict=True)]
        try:
            self._backward(self._forward(other), douts)
        except UserError:
            return  # another input may leave the domain
        call = self._forward(self._copies())
        if len(call.outs) == len(douts) and not _same(first, self._backward(call, douts)):
            yield Finding(
                "call after another input",
                "wrong",
                "After a call with another input the same input has another gradient: something of the earlier call is kept and "
                "used. Let backward use what its own forward handed over",
            )

    def _deterministic(self, call: Call) -> Iterator[Finding]:
        again = self._forward(self._copies())
        if not _same(call.outs, again.outs):
            yield Finding(
                "second call",
                "cannot tell",
                f"Forward returns another value for the same input: {_difference(call.outs, again.outs)}. Numerical "
                "differentiation would see that and not the gradient. Seed what is random inside forward, or hand it over",
            )

    def _cotangent(self, douts: Sequence[Array]) -> Iterator[Finding]:
        self.state.restore()
        once = self._backward(self._forward(self._copies()), douts)
        self.state.restore()
        twice = self._backward(self._forward(self._copies()), [2 * dout for dout in douts])
        if any(value is not None and np.any(value) for value in once) and _same(once, twice):
            yield Finding(
                "dout",
                "wrong",
                "Backward returns the same for twice the dout: it does not use it. Multiply by dout, also in a loss's backward",
            )

    def _overwritten(self, who: str, given: Sequence[Array]) -> Iterator[Finding]:
        for leaf, before, after in zip(self.function.leaves, self.arrays, given, strict=True):
            yield from _changed(leaf.name, who, [before], [after], f"Work on a copy: {leaf.name} = {leaf.name}.copy()")

    def _copies(self) -> list[Array]:
        return [array.copy() for array in self.arrays]

    def _forward(self, arrays: Sequence[Array]) -> Call:
        self.evaluations += 1
        with np.errstate(all="ignore"):
            return self.function.forward(arrays)

    def _backward(self, call: Call, douts: Sequence[Array], *, copy: bool = True) -> list[Any]:
        self.evaluations += 1
        given = [dout.copy() for dout in douts] if copy else douts
        with np.errstate(all="ignore"):
            return [None if g is None else np.array(g) for g in call.backward(given)]

    def _douts(self, call: Call) -> list[Array]:
        return [self._rng.normal(size=np.shape(out)).astype(np.asarray(out).dtype) for out in call.outs]


def _changed(name: str, who: str, before: Sequence[Array], after: Sequence[Array], cure: str) -> Iterator[Finding]:
    if not _same(before, after):
        yield Finding(name, "wrong", f"{who} overwrites {name}, which belongs to the caller. {cure}")


def _same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Equal to the last bit, nan where nan is."""
    return len(first) == len(second) and all(_equal(a, b) for a, b in zip(first, second, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc"))


def _difference(first: Sequence[Any], second: Sequence[Any]) -> str:
    if [np.shape(v) for v in first] != [np.shape(v) for v in second]:
        return "it has another shape"
    largest = max(float(np.max(np.abs(np.asarray(a) - np.asarray(b)), initial=0)) for a, b in zip(first, second, strict=True))
    return f"they differ by up to {largest:.2g}"


def _spread(array: Array) -> float:
    scale = float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) if array.size else 1.0
    return (scale or 1.0) / 8
