"""A loss over N x N pairs that is meant over N numbers: predictions of shape (N, 1) beside targets of shape (N,).

The loss runs once on arrays that see such an operation. One of the two must be handed over, as a target is, and the other one
computed, or differentiated, as a prediction is. There is no note where pairs look as if they were meant: the code makes the
column of a vector itself, or the pairs meet a matrix of their size, multiply something as a matrix, are picked, or reduced along
an axis.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import Function
from gradwitness.subjects.loss import Loss
from gradwitness.subjects.tracing import line_of
from gradwitness.subjects.watched import user_frame

MATRICES = (np.einsum, np.tensordot, np.tril, np.triu, np.diag, np.diagonal, np.trace)
"""Functions that take pairs as a matrix."""


def paired(function: Function, arrays: Sequence[Array]) -> Iterator[Finding]:
    """A note where a loss is over pairs. One evaluation, if the shapes of what is handed over allow it."""
    data = [array for _, array in function.data]
    if not any(_is_flat(array) or _is_column(array) for array in (*arrays, *data)):
        return
    _Pairing.seen = seen = _Seen(data, function.of_a_loss)
    try:
        with suppress(UserError, BadCall, TypeError, ValueError, AttributeError, ArithmeticError), np.errstate(all="ignore"):
            if isinstance(function, Loss) and function.keeps_dtype:  # what it moves in place are arrays of its own
                function, given = function.beside(lambda value: _seeing(value, seen)), list(arrays)
            else:
                given = seen.leaves = [array.copy().view(_Pairing) for array in arrays]
            outs = function.forward(given).outs
            if seen.place and not seen.meant and len(outs) == 1 and np.size(outs[0]) == 1:
                n = seen.length
                yield Finding(
                    "shapes",
                    "note",
                    f"({n}, 1) and ({n},) make ({n}, {n}) at {seen.place}. So the loss is over {n * n} pairs: each prediction "
                    "meets every target. If that is not meant, give both one shape: target[:, None], or prediction.ravel()",
                )
    finally:
        _Pairing.seen = _Seen([], of_a_loss=False)


def _seeing(value: Any, seen: _Seen) -> Any:
    """Data, as an array that sees what it meets."""
    if not isinstance(value, np.ndarray) or value.dtype == object:
        return value
    array = value.copy().view(_Pairing)
    seen.data = [*seen.data, array]
    return array


@dataclass
class _Seen:
    """What one run shows.

    data, leaves   what is handed over: as it is, and to be differentiated
    of_a_loss      whether the leaves are parameters, and the gradients are computed as well
    place, length  the line where the first pairs are made, and the number of rows
    meant          whether pairs are used as if they were meant
    """

    data: Sequence[Array]
    of_a_loss: bool
    leaves: Sequence[Any] = ()
    place: str = ""
    length: int = 0
    meant: bool = False

    def along(self, ufunc: Any, axis: Any) -> bool:
        """Whether pairs are reduced along an axis on purpose. The gradient of a bias is a sum along one in any case."""
        return axis is not None and not (self.of_a_loss and ufunc is np.add)

    def is_data(self, array: Array) -> bool:
        """Whether it is handed over as it is."""
        return any(array is each for each in self.data)

    def is_handed(self, array: Array) -> bool:
        """Whether it is handed over, as it is or to be differentiated."""
        return self.is_data(array) or any(array is each for each in self.leaves)

    def _is_target(self, ufunc: Any, *both: Array) -> bool:
        """Whether one of two is a target, and the other may be a prediction. A parameter is none."""
        if self.of_a_loss or ufunc is np.multiply:
            return any(self.is_data(one) and not self.is_handed(other) for one, other in (both, both[::-1]))
        return any(self.is_handed(each) for each in both)

    def met(self, ufunc: Any, inputs: Sequence[Any]) -> tuple[bool, bool]:
        """Whether a column and a vector of one length meet, and not on purpose; and whether one of them is handed over."""
        if ufunc not in (np.subtract, np.multiply) or not all(isinstance(each, np.ndarray) for each in inputs):
            return False, False
        for column, flat in (inputs, inputs[::-1]):
            if _is_column(column) and _is_flat(flat) and len(column) == len(flat):
                own = not self.is_handed(column) and column.base is not None and column.base.ndim == 1
                met = not own and not np.may_share_memory(column, flat)
                return met, met and self._is_target(ufunc, column, flat)
        return False, False


class _Pairing(np.ndarray[Any, Any]):
    """An array that sees what it meets."""

    seen = _Seen([], of_a_loss=False)
    pairs = False

    def __array_finalize__(self, parent: Any) -> None:
        self.pairs = getattr(parent, "pairs", False)

    def __getitem__(self, key: Any) -> Any:
        self.seen.meant |= self.pairs
        return super().__getitem__(key)

    def dot(self, other: Any, out: Any = None) -> Any:
        """Pairs that are multiplied by something are a matrix."""
        self.seen.meant |= self.pairs
        return super().dot(other) if out is None else super().dot(other, out)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        pairs = [getattr(each, "pairs", False) for each in args]
        self.seen.meant |= (func in MATRICES and any(pairs)) or (func is np.dot and pairs[0])
        return super().__array_function__(func, types, args, kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        seen, pairs = self.seen, [getattr(each, "pairs", False) for each in inputs]
        made, sure = seen.met(ufunc, inputs) if method == "__call__" and len(inputs) == 2 else (False, False)
        if sure and not seen.place and (frame := user_frame(sys._getframe(1))):
            seen.place, seen.length = line_of(frame.f_code, frame.f_lineno), len(inputs[0])
        shapes = {np.shape(each) for each, pair in zip(inputs, pairs, strict=True) if pair}
        meets = any(np.shape(each) in shapes for each, pair in zip(inputs, pairs, strict=True) if not pair)
        along = method == "reduce" and seen.along(ufunc, kwargs.get("axis", 0))
        seen.meant |= meets or (pairs[0] and (ufunc is np.matmul or along))
        outs = kwargs.get("out", ())
        if outs:
            kwargs["out"] = tuple(_plain(out) for out in outs)
        result = getattr(ufunc, method)(*(_plain(each) for each in inputs), **kwargs)
        if outs:
            return outs[0] if len(outs) == 1 else outs
        return self._again(result, made or any(pairs))

    def _again(self, result: Any, pairs: bool) -> Any:
        if isinstance(result, tuple):
            return tuple(self._again(each, pairs) for each in result)
        if not isinstance(result, np.ndarray):
            return result
        seeing = result.view(_Pairing)
        seeing.pairs = pairs
        return seeing


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, _Pairing) else value


def _is_flat(array: Array) -> bool:
    return array.ndim == 1 and len(array) > 1


def _is_column(array: Array) -> bool:
    return array.ndim == 2 and array.shape[1] == 1 and len(array) > 1
