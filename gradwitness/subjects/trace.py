"""Which line of the user's code cuts longdouble to float64: found by tracing two runs at slightly different inputs.

After each line the local variables are looked at, and what lies one step inside of them. The first one that is an array of
float64 (or narrower) or a Python float, and differs between the two runs, depends on the input: the line before made it. Where
there is none, the first line that calls what returns float64 is named.

Nothing is concluded from this but words for a report, and how wide a step of rounding may be. It is asked where the measured
noise says that longdouble was cut.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.subjects.errors import UserError, of_a_library
from gradwitness.subjects.named import own_text
from gradwitness.subjects.tracing import TooLongError, Trace, line_of, place_of, text_of
from gradwitness.subjects.watched import noted

SECONDS = 0.5
"""Of the processor's time for both runs; then the search is given up."""
NEARBY = 2.0**-24
"""How far the inputs of the second run are moved, of themselves: both runs should take the same branches."""
CUTS = re.compile(
    r"\bmath\.\w+(?=\()|\bfloat(?=\()|\.astype\((?:np\.)?['\"]?(?:float|double|single|half|f[248])|\bnp\.float(?:64|32|16)(?=\()"
    r"|\b(?:linalg|fft)\.\w+|\bscipy\.[\w.]+|\bspecial\.\w+"
)
"""Calls that return float64 without leaving it in a variable."""
APART = 2.0**-5
"""How far they are moved where narrower dtypes are looked for: a cast to float16 does not hide it."""
BFLOAT16 = 2.0**-8
"""The unit roundoff of bfloat16."""


def departure(run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array]) -> str:
    """The first line at which a value that depends on arrays becomes float64; empty if none is found. Two evaluations.

    run      evaluates the user's forward on arrays like these
    arrays   in longdouble
    """
    runs = _two_runs(run, arrays, NEARBY)
    if runs is None:
        return ""
    first, second = runs
    for one, other in zip(first.made, second.made, strict=False):
        if one.place != other.place:
            break  # the runs took different branches
        if one.print != other.print:
            return one.words
    return next((line_of(code, number) for code, number in first.lines if CUTS.search(own_text(code, number))), "")


@dataclass(frozen=True)
class Narrow:
    """A dtype narrower than float64 in which something that depends on the inputs is kept.

    roundoff   its unit roundoff
    words      the line that makes it: "line 12 of layer.py: h = x.astype(np.float16) makes h, an array of float16"
    """

    dtype: str
    roundoff: float
    words: str

    @property
    def digits(self) -> int:
        """How many decimal digits its numbers have."""
        return int(-np.log10(self.roundoff))


def narrowest(
    run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array], watched: Callable[[Sequence[Any]], Any]
) -> Narrow | None:
    """The narrowest dtype that values pass through; None if none below float64 is found. Three evaluations.

    It is that of a variable, of what a function gets or returns, or of an intermediate value, or it is named in a line that ran.

    watched   as run, but hands over what it is given as it is, a subclass of ndarray
    """
    found = [
        Narrow(str(dtype), unit_roundoff(dtype), f"{line_of(frame.f_code, line)} casts to {dtype}")
        for dtype, frame, line in noted(watched, arrays)
    ]
    runs = _two_runs(run, arrays, APART)
    if runs is None:
        return max(found, key=lambda one: one.roundoff, default=None)
    first, second = runs
    for one, other in zip(first.steps, second.steps, strict=False):
        if one.place != other.place:
            break
        if one.print != other.print and one.roundoff > unit_roundoff(np.float64):
            found.append(Narrow(one.print[0], one.roundoff, one.words))
    for (code, number), dtypes in first.lines.items():
        for dtype in dtypes:
            roundoff = BFLOAT16 if dtype == "bfloat16" else unit_roundoff(dtype)
            found.append(Narrow(dtype, roundoff, line_of(code, number)))
    return max(found, key=lambda one: one.roundoff, default=None)


def _two_runs(run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array], apart: float) -> tuple[Trace, Trace] | None:
    """Two runs at inputs that differ by a share of themselves; None where they take too long or fail."""
    moved = [
        (array + array * array.dtype.type(apart) * np.cos(np.arange(array.size) + 1.0).reshape(array.shape)).astype(array.dtype)
        for array in arrays
    ]
    deadline = time.process_time() + SECONDS
    first, second = Trace(deadline), Trace(deadline)
    try:
        first.follow(run, arrays)
        second.follow(run, moved)
    except (TooLongError, UserError, TypeError, ArithmeticError):
        return None
    return first, second


def refusal(error: UserError) -> str:
    """Why a run in longdouble raised: "np.linalg.solve does not take longdouble (line 14 of gp.py)"."""
    frames = list(traceback.walk_tb(error.error.__traceback__))
    own = [i for i, (frame, _) in enumerate(frames) if not of_a_library(frame.f_code.co_filename)]
    if not own:
        return f"it raises {type(error.error).__name__} in longdouble"
    frame, number = frames[own[-1]]
    called = CUTS.search(text_of(frame.f_code, number))
    inner = frames[own[-1] + 1][0].f_code.co_name if own[-1] + 1 < len(frames) else ""
    name = f"np.{called.group()}" if called and called.group().startswith(("linalg", "fft")) else inner or "it"
    if not isinstance(error.error, TypeError):
        return f"{name} raises {type(error.error).__name__} in longdouble ({place_of(frame.f_code, number)})"
    return f"{name} does not take longdouble ({place_of(frame.f_code, number)})"
