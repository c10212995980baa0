"""Gradients that are changed after a right backward: mistakes that no single line of source shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from itertools import count
from typing import Any

import numpy as np

from conformance.run import subject
from gradwitness.subjects.pair import tree_map
from reference import Op

Backward = Callable[[Any, Any], Any]
Spoiled = tuple[str, str, str, Callable[[Backward], Backward]]
FEW = 6
"""How many gradients of a model are spoiled: its first ones, as many as an op has at most."""


def _largest(gradient: Any) -> int:
    """The index of the first entry that is at least half as large as the largest. Were the largest itself taken, rounding would
    choose among equal entries, and each run would have another mistake.
    """
    size = np.abs(np.asarray(gradient)).ravel()
    return int((size >= size.max(initial=0) / 2).argmax())


def _entry_zeroed(gradient: Any) -> Any:
    """Set a large entry to zero."""
    kept = np.ones(gradient.shape, bool)
    kept.flat[_largest(gradient)] = False
    return gradient * kept


def _scaled(factor: float, gradient: Any) -> Any:
    return gradient * np.asarray(factor, gradient.dtype)


def _entry_scaled(factor: float, gradient: Any) -> Any:
    """Multiply a large entry by a factor."""
    factors = np.ones(gradient.shape, gradient.dtype)
    factors.flat[_largest(gradient)] = factor
    return gradient * factors


WAYS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "one entry zeroed": ("a large entry zeroed", _entry_zeroed),
    "flipped sign": ("-1 times it", partial(_scaled, -1.0)),
    "doubled factor": ("2 times it", partial(_scaled, 2.0)),
    "relative perturbation of 1e-2": ("a large entry times 1 + 1e-2", partial(_entry_scaled, 1 + 1e-2)),
    "relative perturbation of 1e-4": ("a large entry times 1 + 1e-4", partial(_entry_scaled, 1 + 1e-4)),
    "relative perturbation of 1e-6": ("a large entry times 1 + 1e-6", partial(_entry_scaled, 1 + 1e-6)),
}


def spoiled(op: Op) -> Iterator[Spoiled]:
    """(label, gradient, the change in words, the change of backward) for the gradients of an op at its generic case."""
    for index, name in enumerate(subject(op, op.cases[0]).gradients[:FEW]):
        for label, (words, change) in WAYS.items():
            yield label, name, words, partial(_changed, index, change)


def _changed(index: int, change: Callable[[Any], Any], backward: Backward) -> Backward:
    @wraps(backward)
    def wrong(dout: Any, cache: Any) -> Any:
        numbers = count()
        return tree_map(lambda gradient: change(gradient) if next(numbers) == index else gradient, backward(dout, cache))

    return wrong
