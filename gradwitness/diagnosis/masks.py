"""Masks that a gradient may be wrong by: comparisons of known arrays with numbers, and slabs along an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case
from gradwitness.diagnosis.shapes import to_shape

RELATIONS: Mapping[str, Callable[[Array, float], Array]] = {
    "{} > {}": lambda values, bound: values > bound,
    "{} < {}": lambda values, bound: values < bound,
    "{} == {}": lambda values, bound: values == bound,
    "{} <= {}": lambda values, bound: values <= bound,
    "{} >= {}": lambda values, bound: values >= bound,
    "{} != {}": lambda values, bound: values != bound,
    "abs({}) > {}": lambda values, bound: np.abs(values) > bound,
    "abs({}) <= {}": lambda values, bound: np.abs(values) <= bound,
}
BOUNDS = 12
USUAL = {number: f"{number:g}" for number in (1.0, -1.0, 3.0, -3.0)}
"""Bounds that no one names: among few elements they fit by chance, so that places come first."""


def masks(case: Case) -> Iterator[tuple[Array, str]]:
    """Masks in the array's shape that hold somewhere and not everywhere, with their words."""
    shape, seen = case.array.shape, set()
    slabs = {np.broadcast_to(mask, shape).tobytes(): words for mask, words in _slabs(case)} if len(shape) > 1 else {}
    for mask, words in [*_comparisons(case, _named(case.known)), *_slabs(case), *_comparisons(case, USUAL)]:
        full = np.broadcast_to(mask, shape)
        key = full.tobytes()
        by_place = key in slabs and 0 not in mask.strides  # elements that could be any, and are a row
        if key not in seen and full.any() and not full.all():
            seen.add(key)
            yield full, slabs[key] if by_place else words


def _comparisons(case: Case, bounds: Mapping[float, str]) -> Iterator[tuple[Array, str]]:
    own = {case.name.removeprefix("d"): case.array}
    for name, array in {**own, **case.known, **case.douts}.items():
        for values in to_shape(array, case.array.shape):
            if values.dtype.kind == "b":
                yield from ((values, name), (~values, f"not {name}"))
            else:
                for bound, spelled in bounds.items():
                    for words, relation in RELATIONS.items():
                        yield relation(values, bound), words.format(name, spelled)


def _named(known: Mapping[str, Array]) -> dict[float, str]:
    """Numbers that a mask may compare with: 0, and a few that the user's code names."""
    found = {0.0: "0"}
    for name, array in known.items():
        is_out = name == "out" or name.startswith("out[")  # a result is no bound
        if array.size == 1 and array.dtype.kind in "fi" and len(found) < BOUNDS and not is_out:
            found.setdefault(float(array.reshape(())), name)
    return found


def _slabs(case: Case) -> Iterator[tuple[Array, str]]:
    """The first and the last along each axis, all others, and the range of those where elements are wrong."""
    shape = case.array.shape
    for axis, length in enumerate(shape):
        at = np.arange(length).reshape([-1 if a == axis else 1 for a in range(len(shape))])
        name = {1: ("element",), 2: ("row", "column")}.get(len(shape), [f"place on axis {a}" for a in range(len(shape))])[axis]
        yield from ((at == 0, f"at the first {name}"), (at > 0, f"at all but the first {name}"))
        yield from ((at == length - 1, f"at the last {name}"), (at < length - 1, f"at all but the last {name}"))
        touched = sorted({index[axis] for index in case.wrong})
        if touched:
            behind = f" to {touched[-1]}" if touched[-1] > touched[0] else ""
            yield (at >= touched[0]) & (at <= touched[-1]), f"at {name} {touched[0]}{behind}"


def where(words: str) -> str:
    """A mask as a part of a sentence."""
    return words if words.startswith("at ") else f"where {words}"
