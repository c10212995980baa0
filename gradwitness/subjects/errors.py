"""What goes wrong on the way to an answer: a call that cannot be understood, and an exception in the user's own code."""

from __future__ import annotations

import traceback
from types import TracebackType


class BadCall(TypeError):
    """A call that cannot be used. The message names the argument, what came, what was wanted, and the cure."""

    def __init__(self, argument: str, came: str, wanted: str, cure: str = "") -> None:
        super().__init__(f"{argument} is {came}; wanted {wanted}" + (f". {cure}" if cure else ""))


class UserError(Exception):
    """The user's forward or backward raised. The original exception is the cause; the message has its line."""

    def __init__(self, what: str, error: BaseException) -> None:
        self.error = error
        place = line_of(error.__traceback__)
        super().__init__(f"{what} raised {type(error).__name__}: {error}" + (f" ({place})" if place else ""))


def line_of(trace: TracebackType | None) -> str:
    """The innermost line that is not ours: "layer.py, line 12: y = x @ weight"."""
    frames = [frame for frame in traceback.extract_tb(trace) if not _ours(frame.filename)]
    if not frames:
        return ""
    frame = frames[-1]
    return f"{frame.filename.rpartition('/')[2]}, line {frame.lineno}" + (f": {frame.line}" if frame.line else "")


def _ours(filename: str) -> bool:
    return "/gradwitness/" in filename.replace("\\", "/") or "/numpy/" in filename.replace("\\", "/")
