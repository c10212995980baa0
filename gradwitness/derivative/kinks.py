"""Does a point lie so near to a kink that rounding decides on which side it is?

Piecewise functions decide: x > 0, the larger of two numbers, the largest of a window. If a decision depends on rounding, two
honest computations may decide differently, and each then has the gradient of its own piece. If Monte Carlo arithmetic meets both
pieces, their difference counts as rounding, and a wrong gradient passes. If it meets one, an honest gradient differs. Every other
decision is the same in all honest computations. `nearest(subject, dtype)` tells the two kinds apart:

1. forward runs in the wider dtype, on arrays that record the gap of every comparison, choice and sign: its distance from the tie.
2. forward runs again under Monte Carlo arithmetic, with inputs moved by up to one unit roundoff of their scale. The deviation of
   a gap is its spread, as for any other result (see `arithmetic.measure`).
3. The distance of a decision is its gap in units of its spread. Beyond K units, the allowance of an honest result, every honest
   computation decides like the truth.

Two kinds of ties are no kinks:

- A gap that stays zero however inputs and rounding move. Both sides are the same function there. Example: a window of relu's
  zeros has a tie for its largest element, and its gradient is zero whichever is chosen.
- A continuous choice, such as the larger of two, whose gap does not depend on the inputs: a tie between copies of one number, or
  between constants.

This excuses no wrong gradient. It says at which points no gradient can be judged. It looks at the reference's forward alone, so a
wrong backward does not change the answer. Some decisions are no kinks, such as the choice between two stable forms of one smooth
function. They count as kinks: this leaves out some points too many, and never one too few.

Sorts are not watched, and neither are decisions on arrays that do not depend on the inputs.
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
    """The decision that is nearest to its tie.

    distance   from the tie, in units of rounding spread; inf if nothing is decided
    decision   the function that decides: greater, maximum, argmax, ...
    number     its place among the forward's decisions
    index      the element
    gap        the distance from the tie, in the units of the function
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
        element = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        which = f"{self.decision}{element}, decision {self.number} of the forward"
        return f"{which}, is {self.gap:.3g} from its tie: {self.distance:.3g} units of rounding spread"


def nearest(subject: Subject, dtype: Any, samples: int = SAMPLES) -> Kink:
    """The decision of a subject's forward that is nearest to its tie, at its inputs rounded to dtype.

    The distance is 0 if rounding changes which decisions there are, or their order.
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
    """The size of a gap in units of its spread over the other runs; 0 if the squares of both underflow."""
    with np.errstate(all="ignore"):
        deviations = [np.where(np.isfinite(other) & np.isfinite(gap), other - gap, 0) for other in others]
        squares = np.asarray(sum(np.square(deviation, dtype=np.longdouble) for deviation in deviations))
        distance = np.abs(gap) / combine(squares / len(others))
    return np.where(np.isnan(distance), 0, distance)


def _shape(gaps: list[tuple[str, Array]]) -> list[tuple[str, tuple[int, ...]]]:
    """The decisions in order: the function and the shape of each."""
    return [(name, gap.shape) for name, gap in gaps]
