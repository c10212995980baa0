"""In which precision a function is examined: it runs in longdouble if it can, else in float64. And what it computes in inside."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import Function
from gradwitness.subjects.state import State
from gradwitness.subjects.trace import departure, refusal

WIDE = np.dtype(np.longdouble)
FLOAT64 = np.dtype(np.float64)
MANY = 16_384
"""Elements beyond which longdouble, which has no BLAS, would take too long."""
SECONDS = 0.05
"""Of the processor's time for one evaluation in longdouble, likewise: other work on the machine changes nothing."""


def point_of(function: Function, seed: int, state: State) -> Point:
    """The function at its point: in longdouble if it runs there, else in float64."""
    narrow = Point(function, seed, state, FLOAT64)
    narrow.why = _obstacle(narrow)
    if not narrow.why:
        wide, narrow.why = _wide(narrow)
        return wide or narrow
    return narrow


def _obstacle(narrow: Point) -> str:
    """Why longdouble is not tried; empty if it is."""
    if WIDE.itemsize <= FLOAT64.itemsize:
        return "longdouble has no more digits on this machine"
    if narrow.function.keeps_dtype:
        return "parameters that are moved in place keep their dtype"
    return "longdouble would take too long" if sum(array.size for array in narrow.arrays) > MANY else ""


def _wide(narrow: Point) -> tuple[Point | None, str]:
    """The same in longdouble; or why it cannot be had."""
    try:
        start = time.process_time()
        wide = Point(narrow.function, narrow.seed, narrow.state, WIDE)
        seconds = time.process_time() - start
        wide.gradients(wide.arrays)
    except UserError as error:
        return None, refusal(error)
    except BadCall as error:
        return None, f"longdouble is not taken: {error}"
    if not _as_narrow(wide, narrow):
        return None, "forward returns other shapes, or nothing finite, in longdouble"
    return (wide, "") if seconds <= SECONDS else (None, "longdouble would take too long")


def _as_narrow(wide: Point, narrow: Point) -> bool:
    """Whether the function returns in longdouble what it returns in float64: the same shapes, and finite where that is."""
    return [out.shape for out in wide.outs] == [out.shape for out in narrow.outs] and bool(np.isfinite(wide.value)) >= bool(
        np.isfinite(narrow.value)
    )


EXACT, CUT = 8 * float(np.finfo(WIDE).eps), 64 * float(np.finfo(WIDE).eps)
"""Noise, as a share of the terms of a value. Beyond the first longdouble may have been cut on the way, and a line is looked for;
beyond the second it was. Functions that hold longdouble have 5e-20 in the median and 6e-19 at the most; float64 has 1e-17."""
COARSE = 2.0**-40
"""Noise beyond that of float64, likewise: something narrower is kept on the way."""


def examined(point: Point) -> str:
    """How the function was examined, and what stood in the way of more."""
    noise = point.noise / (float(point.size) or 1.0)
    exact = f"each value exact to {noise:.1g} of its terms" if np.isfinite(noise) else "whose noise could not be measured"
    if point.dtype != WIDE:
        return f"in float64: {point.why}; {exact}"
    if not noise > EXACT:
        return f"in longdouble, {exact}"
    cut = point.narrow.words if point.narrow else departure(point.call, point.arrays)
    if not cut and noise <= CUT:
        return f"in longdouble, {exact}"
    dtype = point.narrow.dtype if point.narrow else "float64"
    return f"in longdouble, cut to {dtype} {f'by {cut}' if cut else 'on the way'}; {exact}"


def narrow_inside(point: Point, judged: Sequence[Finding]) -> Iterator[Finding]:
    """A note where forward computes in something narrower than float64 inside, and what that costs."""
    noise = point.noise / (float(point.size) or 1.0)
    narrow = point.narrowest() if noise > COARSE or point.narrow else None
    if narrow is None:
        return
    sights = [finding.sight for finding in judged if np.isfinite(finding.sight)]
    worst = max(sights, default=np.inf)
    hidden = f"Errors of a gradient below about {worst:.0g} of its largest element" if worst < 1 else "Errors of the gradients"
    yield Finding(
        f"{narrow.dtype} inside",
        "note",
        f"Forward keeps values in {narrow.dtype}, which has {narrow.digits} digits: {narrow.words}. {hidden} stay unseen. "
        "In float64 errors of about 1e-11 are seen: keep the dtype of the inputs there",
    )
