"""Calls of a function as its users make them, in their own dtype, on fresh copies of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import Call, Function
from gradwitness.subjects.state import State
from gradwitness.subjects.validation import seed_given


class Caller:
    """The calls of one function.

    arrays        its inputs
    data          arrays that are handed over as they are, as they were last seen
    evaluations   calls of forward and of backward so far
    """

    def __init__(self, function: Function, state: State, seed: int) -> None:
        seed_given(seed)
        self.function, self.state, self.evaluations = function, state, 0
        self.arrays = [leaf.array for leaf in function.leaves]
        self.data = [(name, array.copy()) for name, array in function.data]
        self._rng = np.random.default_rng((seed, 6))

    def copies(self) -> list[Array]:
        """The inputs, for one call."""
        return [array.copy() for array in self.arrays]

    def others(self) -> list[Array]:
        """Other values, nearby: moved by an eighth of what is usual in the array."""
        noise = (np.asarray(self._rng.normal(size=array.shape)) for array in self.arrays)
        return [np.asarray(array + (_spread(array) * n).astype(array.dtype)) for array, n in zip(self.arrays, noise, strict=True)]

    def forward(self, arrays: Sequence[Array]) -> Call:
        """Run forward."""
        self.evaluations += 1
        with np.errstate(all="ignore"):
            return self.function.forward(arrays)

    def backward(self, call: Call, douts: Sequence[Array], *, copy: bool = True) -> list[Any]:
        """What backward returns, as it is now. Without a copy it gets these very cotangents."""
        self.evaluations += 1
        given = [dout.copy() for dout in douts] if copy else douts
        with np.errstate(all="ignore"):
            return [None if g is None else np.array(g) for g in call.backward(given)]

    def douts(self, outs: Sequence[Any]) -> list[Array]:
        """Random cotangents of these outputs."""
        return [np.asarray(self._rng.normal(size=np.shape(out))).astype(np.asarray(out).dtype) for out in outs]

    def gradients(self, call: Call | None, douts: Sequence[Array]) -> list[Any] | None:
        """The gradients for a cotangent; None where backward does not take it."""
        try:
            if call is None:
                self.state.restore()
                call = self.forward(self.copies())
            return self.backward(call, douts)
        except (UserError, BadCall):
            return None


def _spread(array: Array) -> float:
    largest = float(np.max(np.abs(array), initial=0))
    if not largest:
        return 1 / 8
    return largest * float(np.sqrt(np.mean(np.square(array.astype(np.float64) / largest)))) / 8
