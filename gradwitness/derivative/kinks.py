"""Does a point lie within rounding of a kink?

Piecewise functions decide: x > 0, the larger of two, the largest of a window. Where a decision hangs on rounding, two honest
computations decide differently, and each has the gradient of its own piece. Monte Carlo arithmetic may or may not have met both
pieces: if so, their difference counts as rounding, and a wrong gradient would pass; if not, an honest one would differ. Every
other decision is the same for all. `nearest(subject, dtype)` tells the two apart before any framework is asked:

1. forward runs in the wider dtype on arrays that note, for every comparison, choice and sign, the gap to the tie.
2. It runs again under Monte Carlo arithmetic, its inputs moved by up to one unit roundoff of their scale. The deviation of the
   gaps is their spread, as for any other result (see `arithmetic.measure`).
3. The distance of a decision is its gap in units of its spread. Beyond K units, as far as an honest result may be off, every
   honest computation decides as the truth does.

No kink is a gap that is zero and stays zero however inputs and rounding move: both sides are the same function there (a window of
relu's zeros has a tie for its largest element, and a gradient of zero whoever wins). Nor is a continuous choice, such as that of
the larger of two, whose gap does not depend on the inputs: between copies of one number, or between constants.

This excuses no wrong gradient. It says where no gradient can be told wrong, looks at the reference's forward alone, and is asked
before anybody else is: a wrong backward does not change its answer. Decisions that are no kinks, such as which of two stable
forms of the same smooth function is taken, are counted as if they were: a point too many is left out, never one too few.

Not watched are sorts, and decisions on arrays that do not depend on the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff, wider
from gradwitness.derivative.decisions import CONTINUOUS, Decisions
from gradwitness.rounding.arithmetic import SAMPLES, combine
from gradwitness.subjects.pair import Subject, floats_to, tree_map
from gradwitness.verdict import K


@dataclass(frozen=True)
class Kink:
    """The decision that rounding comes closest to turning.

    distance   from its tie, in units of rounding spread; inf where nothing is decided
    decision   what decides: greater, maximum, argmax, ...; which of the forward's decisions it is; and its element
    gap        how far from the tie, in the units of the function
    """

    distance: float
    decision: str = "none"
    number: int = -1
    index: tuple[int, ...] = ()
    gap: float = float("inf")

    @property
    def within_rounding(self) -> bool:
        """Whether an honest computation may decide differently."""
        return not self.distance > K

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        which = f"{self.decision}{at}, decision {self.number} of the forward"
        return f"{which}, is {self.gap:.3g} from its tie: {self.distance:.3g} units of rounding spread"


def nearest(subject: Subject, dtype: Any, samples: int = SAMPLES) -> Kink:
    """The decision of a subject's forward that is nearest to its tie, at its inputs rounded to dtype.

    Where rounding changes even what is decided in which order, the distance is 0.
    """
    dtype = np.dtype(dtype)
    rounded = subject.rounded(dtype)
    static = tree_map(floats_to(wider(dtype)), rounded.static)

    def decisions(number: int, moved: float, *, exact: bool) -> list[tuple[str, Array]]:
        watch = Decisions(dtype, np.random.default_rng((subject.seed, 3, number)), exact=exact)
        rounded.forward(*tree_map(lambda a: watch.move(a, moved) if a.dtype.kind == "f" else a, rounded.inputs), **static)
        return watch.gaps

    with np.errstate(all="ignore"):
        truth = decisions(0, 0, exact=True)
        elsewhere = decisions(1, 2.0**-10, exact=True)
        runs = [decisions(2 + sample, unit_roundoff(dtype), exact=False) for sample in range(samples)]
    if any(_shape(run) != _shape(truth) for run in runs):
        return Kink(0.0, "the order of decisions", gap=0.0)
    nearest = Kink(float("inf"))
    for i, (name, gap) in enumerate(truth):
        others = [run[i][1] for run in runs]
        may_turn = np.logical_or.reduce([gap != 0, *(other != 0 for other in others)]) & np.isfinite(gap)
        if name in CONTINUOUS and _shape(elsewhere) == _shape(truth):
            may_turn &= elsewhere[i][1] != gap
        distance = np.where(may_turn, _in_spreads(gap, others), np.inf)
        if distance.size and distance.min() < nearest.distance:
            index = np.unravel_index(int(distance.argmin()), distance.shape)
            nearest = Kink(float(distance[index]), name, i, tuple(int(k) for k in index), float(abs(gap[index])))
    return nearest


def _in_spreads(gap: Array, others: Sequence[Array]) -> Array:
    """The size of a gap, in units of how far the others are from it; 0 for one that is too small for its square to tell."""
    with np.errstate(all="ignore"):
        deviations = [np.where(np.isfinite(other) & np.isfinite(gap), other - gap, 0) for other in others]
        squares = np.asarray(sum(np.square(deviation, dtype=np.longdouble) for deviation in deviations))
        distance = np.abs(gap) / combine(squares / len(others))
    return np.where(np.isnan(distance), 0, distance)


def _shape(gaps: list[tuple[str, Array]]) -> list[tuple[str, tuple[int, ...]]]:
    """What is decided, in order."""
    return [(name, gap.shape) for name, gap in gaps]
