"""Kinks inside a function: several of its parts are at a kink, as the units of a layer of relus whose input is 0.

A framework takes a member for each part, and the chain rule makes one number of them. One part bends up, another one bends down:
the function seems to bend less than its parts do, and what is right lies beyond its one-sided derivatives (Bolte and Pauwels,
"Conservative set valued fields", 2021). By how much the parts bend is seen on a line that passes beside the point, where each
has its kink at another place: the changes of slope on it, added up without their signs.

Where values tie, and a rule gives the whole to each, nothing bends on the line that moves them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.line import DEVIATIONS
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction, joint
from gradwitness.judging.locate import Wrong
from gradwitness.judging.measured import Measured
from gradwitness.judging.outputs import FLOAT32

BESIDE = 2.0**-20
"""How far a line passes beside the point, as a share of each element's size."""
PLACES = BESIDE * 2.0 ** np.arange(-4, 10, 0.25)
"""Where it is looked at, to both sides: kinks lie at any multiple of that distance. Of two between neighbouring places, one bends
up and hides another one that bends down.
"""
LINES = 12
"""That are tried."""
LOOKED = 16
"""Elements that are looked at, of many."""
CLEAR = 16.0
"""By how much noise is smaller than what a claim is off."""


class Inside:
    """What the parts of a function bend at a point.

    scales   sizes of the elements; zero for those that are not judged
    """

    def __init__(self, box: BlackBox, scales: Sequence[Array], rng: np.random.Generator) -> None:
        self.box, self.point, self.rng = box, box.point, rng
        self._scales = list(scales)
        self._whole = joint(self._scales, self.point.arrays, rng)

    def explains(self, wrong: Sequence[Wrong], disagreeing: Sequence[Measured]) -> bool:
        """Whether the kinks of parts explain all that is off: some elements, directions, and what ties, moved together."""
        if self.box.noise.grain > FLOAT32 or not (wrong or disagreeing):
            return False
        measured = [*map(self._alone, wrong[:LOOKED]), *disagreeing, self.box.along(self._whole)]
        return all(one.agrees or self._bends(one) for one in measured)

    def _alone(self, element: Wrong) -> Measured:
        parts = [np.zeros_like(scale) for scale in self._scales]
        parts[element.which][element.index] = self._scales[element.which][element.index]
        return self.box.along(Direction(tuple(parts), "one element"))

    def _bends(self, one: Measured) -> bool:
        """Whether what is off along a direction is within half of what the parts bend."""
        off, sides = float(abs(one.excess)), float(one.room - one.half)
        return bool(one.half > 0) and any(off <= sides + self._bent(one.direction, off) / 2 for _ in range(LINES))

    def _bent(self, direction: Direction, off: float) -> float:
        """The sum of the changes of slope, whatever their signs, on a line beside the point; 0 where noise is too large."""
        beside = [BESIDE * scale * self.rng.uniform(-1, 1, size=scale.shape) for scale in self._scales]
        places = np.concatenate([-PLACES[::-1], PLACES])
        values = []
        for place in places:
            parts = [step + place * part for step, part in zip(beside, direction.parts, strict=True)]
            values.append((self.point.at(self.point.moved(1.0, parts)) * self.point.weights).sum())
        steps = np.diff(places)
        slopes = np.diff(np.asarray(values, np.longdouble)) / steps
        noise = DEVIATIONS * self.box.noise.together / float(steps.min())
        bent = float(np.abs(np.diff(slopes)).sum())
        return bent if CLEAR * noise <= off else 0.0
