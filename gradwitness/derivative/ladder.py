"""A ladder of steps, each an eighth of the one before, and what the quotients on it say about a function."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from gradwitness.derivative.line import Line

RUNG = 8.0
"""Factor between the steps of the ladder."""
RUNGS = 7
DEEPEST = 2.0**-50
"""Of the first step: how far down the ladder is followed where quotients grow."""
LONGER = 7
"""Tries of longer steps. They grow by RUNG, then RUNG^2, and so on."""
GROWING = 1.5
"""Factor from rung to rung beyond which quotients grow: sqrt|x| gives 2.8, a jump gives 8."""
Kind = Literal["smooth", "kink", "jump", "undefined"]


@dataclass(frozen=True)
class Rung:
    """A step, the central quotient there, what noise may do to it, and the fold."""

    step: float
    value: np.longdouble
    noise: np.longdouble
    fold: np.longdouble


def longer(line: Line, step: float, clear: float) -> float:
    """A step at which noise does not hide the slope, if there is one before the function bends or ends."""
    quotient, noise = line.central(step)
    for power in range(1, LONGER):
        if np.isfinite(quotient) and noise <= clear:
            break
        further, less = line.central(RUNG**power * step)
        if not (np.isfinite(further) and less <= noise / 2) or (np.isfinite(quotient) and abs(further - quotient) > noise + less):
            break
        step, quotient, noise = RUNG**power * step, further, less
    return step


def climbed(line: Line, step: float, rungs: int) -> list[Rung]:
    """The rungs on which the function is finite; more of them while the quotients do not fall."""
    ladder: list[Rung] = []
    first = step
    while len(ladder) < rungs or ((_growth(ladder) or not _falls(*ladder[-3:])) and step >= first * DEEPEST):
        (value, noise), fold = line.central(step), line.bend(step)
        if np.isfinite(value):
            ladder.append(Rung(step, value, noise, fold))
        elif step < first * DEEPEST:
            break
        step /= RUNG
    return ladder


def _growth(ladder: list[Rung]) -> float:
    """By how much quotients grow from rung to rung at the end of the ladder; 0 where they do not."""
    if len(ladder) < 4:
        return 0.0
    last = ladder[-4:]
    for quotients in ([r.value for r in last], [r.fold for r in last]):
        changes = [abs(b - a) for a, b in pairwise(quotients)]
        beyond_noise = all(change > a.noise + b.noise for change, (a, b) in zip(changes, pairwise(last), strict=True))
        if beyond_noise and changes[1] > GROWING * changes[0] and changes[2] > GROWING * changes[1]:
            return float(changes[2] / changes[1])
    return 0.0


def growing(ladder: list[Rung]) -> Kind | None:
    """What a ladder says that has no smooth end."""
    if len(ladder) < 4:
        return "undefined"
    factor = _growth(_clear(ladder))
    if not factor:
        return None
    return "jump" if factor > RUNG / 1.5 else "undefined"


def _clear(ladder: list[Rung]) -> list[Rung]:
    """Without the last rungs, whose noise would hide the quotients before: at a jump these grow until they drown."""
    largest, kept = np.longdouble(0), 0
    for number, rung in enumerate(ladder, 1):
        largest = max(largest, abs(rung.value), abs(rung.fold))
        kept = number if rung.noise <= largest / RUNG else kept
    return ladder[:kept]


def start_of(ladder: list[Rung]) -> float | None:
    """The longest step from which on the quotients change as those of a smooth function do; None where none do."""
    start = None
    for a, b, c in zip(ladder[-3::-1], ladder[-2:0:-1], ladder[:1:-1], strict=True):
        if not _falls(a, b, c):
            break
        start = a.step
    return start


def _falls(a: Rung, b: Rung, c: Rung) -> bool:
    """Whether quotients change from b to c by an eighth of what they change from a to b, or by no more than noise."""
    return bool(abs(b.value - c.value) <= abs(a.value - b.value) / RUNG + b.noise + c.noise)
