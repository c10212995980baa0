"""Gradients that are all right, and that came in another order than the inputs."""

from __future__ import annotations

from collections.abc import Mapping

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Explanation, Repair
from gradwitness.judging.point import Point

LEAST = 3
"""Gradients that are out of place: two are told as exchanged."""


def reordered(point: Point, cases: Mapping[int, Case]) -> dict[int, Explanation]:
    """For each wrong gradient the sentence that says so, if each of them came in the place of another one; else empty."""
    if len(cases) < LEAST:
        return {}
    places = {which: place for which in cases if (place := _place(point, cases, which)) is not None}
    if len(places) < len(cases) or sorted(places.values()) != sorted(cases):
        return {}
    names = [f"d{leaf.name}" for leaf in point.function.leaves]
    came = list(names)
    for which, place in places.items():
        came[place] = names[which]
    words = f"The gradients came in the order {', '.join(came)}; wanted {', '.join(names)}"
    first = min(cases)
    said = {
        which: words if which == first else f"{names[which]} came in the place of {names[place]}"
        for which, place in places.items()
    }
    return {which: Explanation("exchanged", said[which], _value(point, place)) for which, place in places.items()}


def _place(point: Point, cases: Mapping[int, Case], which: int) -> int | None:
    """In which place a gradient came."""
    for place in cases:
        value = _value(point, place)
        if place == which or value is None or value.shape != cases[which].array.shape:
            continue
        if cases[which].proves(Repair(value, "exchanged", "", tries=len(cases))):
            return place
    return None


def _value(point: Point, place: int) -> Array | None:
    claim = point.claims[place]
    return None if claim is None else claim.value
