"""Arrays that note narrow dtypes in which anything computed from them is kept, and the line that does so."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.subjects.arguments import is_float
from gradwitness.subjects.errors import BadCall, UserError, of_a_library

FLOAT64 = unit_roundoff(np.float64)


def noted(run: Callable[[Sequence[Any]], Any], arrays: Sequence[Array]) -> list[tuple[np.dtype[Any], FrameType, int]]:
    """Each narrow dtype that something computed from arrays was cast to, with the frame and the line. One evaluation.

    Empty where the code cannot run on a subclass of ndarray.
    """
    _Noting.notes = []
    with suppress(UserError, BadCall, TypeError, ValueError, AttributeError, ArithmeticError), np.errstate(all="ignore"):
        run([array.copy().view(_Noting) for array in arrays])
    notes, _Noting.notes = _Noting.notes, []
    return notes


class _Noting(np.ndarray[Any, Any]):
    notes: list[tuple[np.dtype[Any], FrameType, int]] = []  # noqa: RUF012 - of one run at a time

    def __array_finalize__(self, parent: Any) -> None:
        if is_float(np.asarray(self)) and unit_roundoff(self.dtype) > FLOAT64 and (frame := user_frame(sys._getframe(1))):
            self.notes.append((self.dtype, frame, frame.f_lineno))


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of user code; None where gradwitness itself comes first."""
    while frame is not None and of_a_library(frame.f_code.co_filename):
        frame = frame.f_back
    module = str(frame.f_globals.get("__name__")) if frame else "gradwitness."
    return None if module.startswith("gradwitness.") else frame
