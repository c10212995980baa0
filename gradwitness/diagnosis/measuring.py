"""The evidence for a diagnosis: numerical derivatives along a few directions in one array, most of them single elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gradwitness.diagnosis.case import Measurement
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction
from gradwitness.judging.measured import Measured
from gradwitness.judging.outputs import FIRST_STEP

ELEMENTS = 14
BEST = 0.2
"""Two quotients are best at a step of noise**(1/5), both relative: rounding and truncation are of like size there."""
DIRECTIONS = 2
"""Besides the first, which finds the step."""


def measure(box: BlackBox, which: int, wrong: Iterable[tuple[int, ...]] = ()) -> list[Measurement]:
    """Measurements in the array at a position: some wrong elements, other elements, and the whole array along random directions.

    About 80 evaluations; some 30 more where none of these elements is wrong.
    """
    rng = np.random.default_rng((box.point.seed, 7, which))
    shape, scale = box.point.arrays[which].shape, box.point.scales[which]

    def moving(part: np.ndarray) -> Direction:
        return Direction(tuple(part if i == which else np.zeros_like(a) for i, a in enumerate(box.point.arrays)), "")

    def weights() -> np.ndarray:
        return np.asarray(scale * rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 1.0, size=shape))

    whole = weights()
    found = box.along(moving(whole))
    step = min(found.slope.step or FIRST_STEP, (box.point.noise / (float(box.point.size) or 1.0)) ** BEST)
    taken = [_taken(found, which)]

    def within(places: np.ndarray) -> Measured:
        part = np.zeros(shape, box.point.dtype)
        part.flat[places] = whole.flat[places]
        return box.quickly(moving(part), step)

    for index in _chosen(box.claims[which], list(wrong), rng):
        place = int(np.ravel_multi_index(index, shape)) if shape else 0
        taken.append(_taken(within(np.array([place])), which, index))
    if box.claims[which].size > ELEMENTS:
        taken += [_taken(box.quickly(moving(weights()), step), which) for _ in range(DIRECTIONS)]
        if not any(_is_off(one) for one in taken if one.index is not None):
            taken += _halved(within, which, shape)
    return [one for one in taken if np.isfinite(one.excess) and np.isfinite(one.bar)]


def _halved(within: Callable[[np.ndarray], Measured], which: int, shape: tuple[int, ...]) -> list[Measurement]:
    """A wrong element, found by halving the array; none where the halves agree though the whole does not."""
    places = np.arange(int(np.prod(shape)))
    while len(places) > 1:
        halves = np.array_split(places, 2)
        worst = max(halves, key=lambda half: _excess(within(half)))
        if _excess(within(worst)) <= 1:
            return []
        places = worst
    return [_taken(within(places), which, tuple(int(i) for i in np.unravel_index(int(places[0]), shape)))]


def _excess(found: Measured) -> float:
    return abs(float(found.excess)) / max(float(found.room), 1e-300)


def _is_off(one: Measurement) -> bool:
    return abs(one.excess) > one.bar


def _taken(found: Measured, which: int, index: tuple[int, ...] | None = None) -> Measurement:
    return Measurement(found.direction.parts[which], float(found.excess), float(found.room), index)


def _chosen(claim: np.ndarray, wrong: list[tuple[int, ...]], rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Wrong elements first, then those that claim something, then those that claim zero; each in random order."""
    order = [tuple(int(i) for i in np.unravel_index(int(n), claim.shape)) for n in rng.permutation(claim.size)]
    zeros = [index for index in order if claim[index] == 0 and index not in wrong]
    others = [index for index in order if claim[index] != 0 and index not in wrong]
    few = wrong[: ELEMENTS // 2]
    room = ELEMENTS - len(few)
    kept = zeros[: max(room // 3, room - len(others))]
    return [*few, *others[: room - len(kept)], *kept][:ELEMENTS]
