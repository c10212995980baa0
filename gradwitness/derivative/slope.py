"""The slope at 0 of a function of one number that can only be called, and how wrong it may be.

Nothing is known of the function but its values and their noise (difference_table.py). In particular nobody knows on which scale
it bends. `slope` finds that out:

1. A ladder of steps, each an eighth of the one before, from a step that the caller suggests. Longer ones are tried first where
   noise would hide the slope. A step that leaves the domain is a step that was not taken.
2. Central difference quotients of a smooth function approach their limit like h^2, so from one rung to the next they change by
   1/64 of the change before. The first rung from which all changes fall by a factor of eight at least is where the function is
   seen as it is: longer steps miss a feature, or a kink beside the point.
3. From there the step is halved, and the quotients are extrapolated to 0 (Richardson). An entry of the table is compared with
   three neighbours. The bar allows for a second derivative that jumps.
4. The quotients of all smaller rungs must agree with the result, within their noise. One that does not shows a feature that the
   longer steps missed: the extrapolation begins anew from there.

Both sides are compared on the way. Where f(h) + f(-h) - 2 f(0) falls like h and not like h^2, the sides have slopes of their
own: a kink. Where f(h) - f(-h) does not fall, f jumps. Where the quotients grow, but by less, no slope is finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gradwitness.derivative.ladder import RUNG, RUNGS, Kind, Rung, climbed, growing, longer, start_of
from gradwitness.derivative.line import Line, Real

ORDER = 8
LEVELS = 12
RESTARTS = 6
BENDS = 3.6
"""By how much less half a step changes the quotient: by a factor of 4 where a function bends, and of 2 beyond a joint."""
CONVERGED = 64
"""Times the noise of the last quotient: a limit that is surer than that has converged."""
FALLING = 1.25
"""Factor from rung to rung beyond which a fold falls to 0: |x|^(4/3) gives 2, a kink tends to 1."""

ZERO, INF, NAN = Real(0), Real(np.inf), Real(np.nan)
Quotient = Callable[[float], tuple[np.longdouble, np.longdouble]]


@dataclass(frozen=True)
class Slope:
    """A numerical derivative: the true one lies within value +- error.

    step    the last step of the extrapolation; 0 where there was none
    reach   its first step: from there on the function is seen as it is
    kind    "smooth"; "kink": the slopes from below and above differ by `difference`; "jump": there is no slope; "undefined": the
            slope is infinite, or the function has no finite value on some side of the point, however near
    difference, difference_error   slope from above less slope from below
    """

    value: np.longdouble
    error: np.longdouble
    step: float = 0.0
    reach: float = 0.0
    kind: Kind = "smooth"
    difference: np.longdouble = ZERO
    difference_error: np.longdouble = INF


@dataclass(frozen=True)
class _Limit:
    """What a sequence of quotients tends to as the step goes to 0; from `reach` to `step`, the last one used."""

    value: np.longdouble = NAN
    error: np.longdouble = INF
    step: float = 0.0
    reach: float = 0.0


def slope(line: Line, step: float, enough: float = 0.0, clear: float = 0.0, rungs: int = RUNGS) -> Slope:
    """The derivative of a line at 0.

    step     a first step, of any size within a few orders of the scale on which the function bends
    enough   an error that is small enough: the extrapolation ends there
    clear    noise in a quotient that is small enough: no longer steps are tried
    rungs    of the ladder, at least
    """
    ladder = climbed(line, longer(line, step, clear), rungs)
    kind = growing(ladder)
    if kind:
        return Slope(NAN, INF, kind=kind)
    start = start_of(ladder)
    for _ in range(RESTARTS):
        if start is None:
            return _rough(ladder)
        limit = _limit_of(line, start, enough)
        if not np.isfinite(limit.error):
            return _rough(ladder)
        missed = _missed(ladder, limit)
        if missed is None:
            return _with_sides(line, ladder, replace(limit, reach=start))
        start = missed if missed != start else None
    return _rough(ladder)


def quick(line: Line, step: float, levels: int) -> Slope:
    """The derivative from a few halvings of a step that is known to be small enough: two evaluations each."""
    row: list[np.longdouble] = []
    error, noise, first = INF, ZERO, step
    for _ in range(levels):
        value, noise = line.central(step)
        new = [value]
        for m in range(1, len(row) + 1):
            new.append(new[m - 1] + (new[m - 1] - row[m - 1]) / (Real(4) ** m - 1))
        if row:
            error = max(abs(new[-1] - new[-2]), abs(new[-1] - row[-1])) + 2 * noise
        row = new
        step /= 2
    return Slope(row[-1], error if np.isfinite(error) else INF, 2 * step, first)


def _limit_of(line: Line, start: float, enough: float) -> _Limit:
    """What central quotients tend to.

    Joints of pieces within the steps, as those of many Huber losses, keep the extrapolation from converging. Then it begins anew
    where it ended, below most of them.
    """
    limit = _bent(line, _extrapolated(line.central, start, 2, enough))
    if not _converged(line, limit, enough) and not _folded(line, limit):
        limit = min(limit, _bent(line, _extrapolated(line.central, limit.step, 2, enough)), key=lambda each: each.error)
    return limit if _converged(line, limit, enough) else replace(limit, error=2 * limit.error)


def _converged(line: Line, limit: _Limit, enough: float) -> bool:
    """Whether noise is what is left; or there is nothing to go on with."""
    return limit.step == 0 or bool(limit.error <= CONVERGED * max(line.central(limit.step)[1], Real(enough)))


def _folded(line: Line, limit: _Limit) -> bool:
    """Whether the sides have slopes of their own at the last steps: between them, no limit need be sure."""
    return bool(abs(line.bend(limit.step)) > max(abs(line.bend(4 * limit.step)) / 2, line.fold(limit.step)[1]))


def _bent(line: Line, limit: _Limit) -> _Limit:
    """The limit with a bar that allows for a second derivative that jumps, as that of max(x, 0)^2 does at 0.

    Beyond such a joint, quotients approach the limit like h. They do so as well where it lies beside the point, and then what
    they seem to tend to is off by as much as 2 c h, if c h is what a quotient is off that passes the joint at the point.
    """
    if not np.isfinite(limit.error) or 4 * limit.step > limit.reach:
        return limit
    (last, noise), (before, _), (first, _) = (line.central(times * limit.step) for times in (1, 2, 4))
    near = abs(before - last)
    if near <= noise or abs(first - before) >= BENDS * near:
        return limit
    return replace(limit, error=max(limit.error, 2 * near))


def _extrapolated(quotient: Quotient, step: float, power: int, enough: float) -> _Limit:
    """The limit of quotients whose error is a series in h, h^(1 + power), h^(1 + 2 power), ... (power 2) or in h^2, h^4, ..."""
    best = _Limit()
    row: list[np.longdouble] = []
    noises: list[np.longdouble] = []
    first = step
    for _ in range(LEVELS):
        value, noise = quotient(step)
        new, new_noises = [value], [noise]
        for m in range(1, min(len(row), ORDER) + 1):
            factor = Real(2) ** (power * m)
            new.append(new[m - 1] + (new[m - 1] - row[m - 1]) / (factor - 1))
            new_noises.append((factor * new_noises[m - 1] + noises[m - 1]) / (factor - 1))
            if 2 <= m < len(row):
                error = max(abs(new[m] - w) for w in (row[m - 1], row[m], new[m - 1])) + new_noises[m]
                if np.isfinite(error) and error < best.error:
                    best = _Limit(new[m], error, step, first)
        row, noises = new, new_noises
        if best.error <= max(noise, Real(enough)):
            break  # shorter steps have more noise
        step /= 2
    return best


def _missed(ladder: list[Rung], limit: _Limit) -> float | None:
    """A rung below a limit's first step whose quotient does not agree with it; None where all do.

    It agrees where it is nearer to the limit than the rung above by a factor of eight, as on the ladder of a smooth function.
    """
    inside = [rung for rung in ladder if rung.step <= limit.reach]
    missed = None
    for above, rung in pairwise(inside):
        room = limit.error + rung.noise + abs(above.value - limit.value) / RUNG
        if abs(rung.value - limit.value) > room:
            missed = rung.step
    return missed


def _with_sides(line: Line, ladder: list[Rung], limit: _Limit) -> Slope:
    """The slope, and whether the sides have slopes of their own."""
    found = Slope(limit.value, limit.error, limit.step, limit.reach)
    last = ladder[-1]
    shows = [rung for rung in ladder if rung.step <= limit.reach and abs(rung.fold) > 16 * rung.noise]
    if len(shows) < 3 or max(_fall(shows[-2], shows[-1]), _fall(shows[-3], shows[-2])) > FALLING:
        return found  # what falls is the bend of a smooth function
    if shows[-1] is not last and 16 * last.noise < abs(shows[-1].fold) / 2:
        return found  # a bend that is merely sharp: it straightens on the rungs below
    fold = _extrapolated(line.fold, limit.reach, 1, float(abs(shows[-1].fold)) / 64)
    if not np.isfinite(fold.error) or abs(fold.value) <= fold.error:
        fold = _Limit(shows[-1].fold, abs(shows[-1].fold - shows[-2].fold) * 2 + 4 * shows[-1].noise)
    return Slope(found.value, found.error, found.step, found.reach, "kink", fold.value, fold.error)


def _fall(above: Rung, below: Rung) -> float:
    """By which factor the fold falls from one rung to the next."""
    return float(abs(above.fold) / abs(below.fold))


def _rough(ladder: list[Rung]) -> Slope:
    """What can be said where the quotients do not converge like those of a smooth function: the last ones, with a wide bar."""
    clear = [rung for rung in ladder if math.isfinite(rung.noise)]
    if len(clear) < 3:
        return Slope(NAN, INF)
    last = min(clear[-3:], key=lambda rung: rung.noise)
    spread = max(abs(a.value - b.value) for a in clear[-3:] for b in clear[-3:])
    return Slope(last.value, 8 * spread + last.noise, last.step, last.step)
