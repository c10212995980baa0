"""What goes wrong on the way to an answer: a call that cannot be understood, and an exception in the user's own code."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path
from types import TracebackType

import numpy as np


class BadCall(TypeError):
    """A call that cannot be used. The message names the argument, what came, what was wanted, and the cure."""

    def __init__(self, argument: str, came: str, wanted: str, cure: str = "") -> None:
        super().__init__(f"{argument} is {came}; wanted {wanted}" + (f". {cure}" if cure else ""))


class UserError(Exception):
    """The user's forward or backward raised. The original exception is the cause; the message has its line."""

    def __init__(self, what: str, error: BaseException, cure: str = "") -> None:
        self.error = error
        place = line_of(error.__traceback__)
        said = f"{what} raised {type(error).__name__}: {first_line(str(error))}" + (f" ({place})" if place else "")
        super().__init__(
            ". ".join([said, *(each for phrase, each in CURES.items() if phrase in str(error)), *([cure] if cure else [])])
        )


CURES = {
    "a leaf Variable that requires grad": "It changes its input in place. Examine it on a copy: lambda x: function(x.clone())",
    "from a different trace level": "It holds a module of flax.nnx that changes as it runs. Hand over the module itself",
}
"""What helps, by a phrase in the message of another program."""


def line_of(trace: TracebackType | None) -> str:
    """The innermost line of the user's own: "layer.py, line 12: y = x @ weight"; of a library's, if there is no other."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(OURS)]
    if not frames:
        return ""
    own = [frame for frame in frames if not of_a_library(frame.filename)]
    frame = (own or frames)[-1]
    return f"{file_of(frame.filename)}, line {frame.lineno}" + (f": {frame.line}" if frame.line else "")


def first_line(text: str) -> str:
    """Of a message, which may have many, or none; with the next one where it ends in a colon."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    whole = " ".join(lines[: 2 if lines[:1] and lines[0].endswith(":") else 1])
    return whole if len(whole) <= LONG else f"{whole[:LONG].rpartition(' ')[0]} ..."


LONG = 400
"""Characters of another program's message that are told."""


CELL = re.compile(r"[/\\]ipykernel_\d+[/\\]\d+\.py$|ipython-input-\d+")
"""The names that IPython gives to the code of a cell of a notebook."""


def file_of(filename: str) -> str:
    """A file, for a reader: without its folders; "the cell" for one of a notebook."""
    return "the cell" if CELL.search(filename) else Path(filename).name


def of_a_library(filename: str) -> bool:
    """Whether a file is part of what is installed: NumPy, the standard library, ours."""
    return filename.startswith((*OURS, *LIBRARIES, "<frozen")) or "-packages" in filename


_PACKAGE = Path(__file__).parent.parent
OURS = tuple(
    str(_PACKAGE / name)
    for name in (
        *("subjects", "functions", "comparing", "frameworks", "judging", "diagnosis", "report", "reproducing", "rounding"),
        *("derivative", "verdict", "arrays.py", "checking.py"),
    )
)
LIBRARIES = (str(Path(os.__file__).parent), str(Path(np.__file__).parent))
