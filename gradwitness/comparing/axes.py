"""How axes are merged and split: with two of them exchanged before or after, as heads of attention are ported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

from gradwitness.comparing.trial import Trial

Shape = tuple[int, ...]
HIGHEST = 5
"""Axes of an array of which two are exchanged."""


class Reshape(NamedTuple):
    """From one shape to another."""

    old: Shape
    new: Shape


class Exchange(NamedTuple):
    """Two axes that are exchanged, before or after an array is reshaped."""

    reshape: Reshape
    before: bool
    i: int
    j: int


class Reshapes:
    """The rewrite by which axes are exchanged beside some reshapes. See `backend.Rewrite`.

    found   the reshapes that were met
    """

    def __init__(self, exchanges: Sequence[Exchange] = ()) -> None:
        self._exchanges = {each.reshape: each for each in exchanges}
        self.found: list[Reshape] = []

    def same(self, tensor: Any, other: Any) -> None:
        """See `backend.Rewrite`."""

    def __call__(self, name: str, operands: Sequence[Any], result: Any) -> Any:
        """See `backend.Rewrite`."""
        if name != "reshape":
            return result
        x = operands[0]
        known = Reshape(tuple(map(int, x.shape)), tuple(map(int, result.shape)))
        self.found.append(known)
        exchange = self._exchanges.get(known)
        if exchange is None:
            return result
        if exchange.before:
            return _reshaped(_exchanged(x, exchange.i, exchange.j), known.new)
        shape = list(known.new)
        shape[exchange.i], shape[exchange.j] = shape[exchange.j], shape[exchange.i]
        return _exchanged(_reshaped(x, tuple(shape)), exchange.i, exchange.j)


def _exchanged(x: Any, i: int, j: int) -> Any:
    if hasattr(x, "swapaxes"):
        return x.swapaxes(i, j)
    import tensorflow as tf

    order = list(range(len(x.shape)))
    order[i], order[j] = j, i
    return tf.transpose(x, order)


def _reshaped(x: Any, shape: Shape) -> Any:
    if hasattr(x, "reshape"):
        return x.reshape(shape)
    import tensorflow as tf

    return tf.reshape(x, shape)


def exchanged(subject: Any, found: Sequence[Reshape]) -> Iterator[Trial]:
    """Two axes exchanged beside each reshape of a function; where an axis is split, also where it is merged again."""
    told = [each for each in dict.fromkeys(found) if max(map(len, each)) <= HIGHEST and _plain(each.old) != _plain(each.new)]
    for reshape in sorted(told, key=lambda each: each.old[-1:] == each.new[-1:]):  # the last axis is split into heads
        for exchange in _exchanges(reshape):
            yield _trial(subject, [exchange], _said(exchange))
            back = Reshape(reshape.new, reshape.old)
            if not exchange.before and back in told:
                both = [exchange, Exchange(back, True, exchange.i, exchange.j)]
                yield _trial(subject, both, f"{_said(exchange)} and back in the same way,")


def _trial(subject: Any, exchanges: Sequence[Exchange], words: str) -> Trial:
    calling = subject.backend.rewritten(subject._calling, partial(Reshapes, exchanges))
    return Trial(words, ((subject, "_calling", calling),))


def _plain(shape: Shape) -> Shape:
    return tuple(length for length in shape if length != 1)


def _exchanges(reshape: Reshape) -> Iterator[Exchange]:
    for before, shape in ((False, reshape.new), (True, reshape.old)):
        for i, j in combinations(range(len(shape)), 2):
            if shape[i] > 1 and shape[j] > 1 and prod(shape) > 0:
                yield Exchange(reshape, before, i, j)


def _said(exchange: Exchange) -> str:
    (old, new), i, j = exchange.reshape, exchange.i, exchange.j
    if exchange.before:
        return f"with axes {i} and {j} exchanged before {old} is reshaped to {new},"
    shape = list(new)
    shape[i], shape[j] = shape[j], shape[i]
    return f"with {old} reshaped to {tuple(shape)} and axes {i} and {j} exchanged, in place of {new} at once,"
