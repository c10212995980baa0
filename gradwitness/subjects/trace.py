"""Which line of the user's code cuts longdouble to float64: found by tracing two runs at slightly different inputs.

After each line the local variables are looked at, and what lies one step inside of them. The first one that is an array of
float64 (or narrower) or a Python float, and differs between the two runs, depends on the input: the line before made it. Where
there is none, the first line that calls what returns float64 is named. Code of libraries is not traced.

Nothing is concluded from this but words for a report. It is asked where the measured noise says that longdouble was cut.
"""

from __future__ import annotations

import linecache
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.errors import UserError, of_a_library

SECONDS = 0.5
"""For both runs; then the search is given up."""
INSIDE = 32
"""Entries of a local list, dict or object that are looked at."""
NEARBY = 2.0**-24
"""How far the inputs of the second run are moved, of themselves: both runs should take the same branches."""
CUTS = re.compile(
    r"\bmath\.\w+(?=\()|\bfloat(?=\()|\.astype\((?:np\.)?['\"]?(?:float|double|single|half|f[248])|\bnp\.float(?:64|32|16)(?=\()"
    r"|\b(?:linalg|fft)\.\w+|\bscipy\.[\w.]+|\bspecial\.\w+"
)
"""Calls that return float64 without leaving it in a variable."""
NUMBER = 0
"""Stands for the identity of a number, which cannot be stored into."""
SHOWN = 90
"""Characters of a line."""
EMPTY = re.compile(r"\bempty(?:_like)?\(")


def departure(run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array]) -> str:
    """The first line at which a value that depends on arrays becomes float64; empty if none is found. Two evaluations.

    run      evaluates the user's forward on arrays like these
    arrays   in longdouble
    """
    moved = [array + array * np.longdouble(NEARBY) * np.cos(np.arange(array.size) + 1.0).reshape(array.shape) for array in arrays]
    deadline = time.perf_counter() + SECONDS
    first, second = _Trace(deadline), _Trace(deadline)
    try:
        first.follow(run, arrays)
        second.follow(run, moved)
    except (_TooLongError, UserError, TypeError, ArithmeticError):
        return ""
    for one, other in zip(first.steps, second.steps, strict=False):
        if one.place != other.place:
            break  # the runs took different branches
        if one.print != other.print:
            return one.words
    return next((_line(code, number) for code, number in first.lines if CUTS.search(_text(code, number))), "")


def refusal(error: UserError) -> str:
    """Why a run in longdouble raised: "np.linalg.solve does not take longdouble (line 14 of gp.py)"."""
    frames = list(traceback.walk_tb(error.error.__traceback__))
    own = [i for i, (frame, _) in enumerate(frames) if not of_a_library(frame.f_code.co_filename)]
    if not own:
        return f"it raises {type(error.error).__name__} in longdouble"
    frame, number = frames[own[-1]]
    called = CUTS.search(_text(frame.f_code, number))
    inner = frames[own[-1] + 1][0].f_code.co_name if own[-1] + 1 < len(frames) else ""
    name = f"np.{called.group()}" if called and called.group().startswith(("linalg", "fft")) else inner or "it"
    if not isinstance(error.error, TypeError):
        return f"{name} raises {type(error.error).__name__} in longdouble ({_place(frame.f_code, number)})"
    return f"{name} does not take longdouble ({_place(frame.f_code, number)})"


class _TooLongError(Exception):
    """The time is over."""


@dataclass(frozen=True)
class _Step:
    """A variable that a line made float64, or changed in float64."""

    place: tuple[CodeType, int, str]
    print: Any
    words: str


class _Trace:
    """What one run left in local variables, in order."""

    def __init__(self, deadline: float) -> None:
        self.steps: list[_Step] = []
        self.lines: dict[tuple[CodeType, int], None] = {}
        self._deadline = deadline
        self._before: dict[int, dict[str, tuple[int, Any]]] = {}
        self._at: dict[int, int] = {}

    def follow(self, run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array]) -> None:
        """Run, traced. The tracer that was there is there again afterwards."""
        previous = sys.gettrace()
        sys.settrace(self._called)
        try:
            run([np.array(array) for array in arrays])
        finally:
            sys.settrace(previous)

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        module = str(frame.f_globals.get("__name__"))
        if event != "call" or of_a_library(frame.f_code.co_filename) or module.startswith("gradwitness."):
            return None
        self._before[id(frame)], self._at[id(frame)] = dict(_narrow(frame)), frame.f_lineno
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        if time.perf_counter() > self._deadline:
            raise _TooLongError
        if event in ("line", "return"):
            line = self._at[id(frame)]
            self.lines.setdefault((frame.f_code, line))
            now = dict(_narrow(frame))
            before = self._before[id(frame)]
            for name, seen in now.items():
                if seen != before.get(name):
                    stored = name in before and before[name][0] == seen[0] != NUMBER
                    if not stored and EMPTY.search(_text(frame.f_code, line)):
                        continue  # what stands in an empty array is nobody's value
                    words = f"{_line(frame.f_code, line)} {'stores into' if stored else 'makes'} {name}, {_kind(seen[1])}"
                    self.steps.append(_Step((frame.f_code, line, name), seen[1], words))
            self._before[id(frame)], self._at[id(frame)] = now, frame.f_lineno
        return self._stepped


def _narrow(frame: FrameType) -> Iterator[tuple[str, tuple[int, Any]]]:
    """The floats of float64 and less in a frame's variables: name, identity, and what tells values apart."""
    for name, value in frame.f_locals.items():
        for inner, each in ((name, value), *_inside(name, value)):
            if isinstance(each, float):
                yield inner, (NUMBER, (type(each).__name__, float(each)))
            elif isinstance(each, (np.ndarray, np.floating)) and each.dtype.kind == "f" and each.dtype.itemsize <= 8:
                yield inner, (id(each), (each.dtype.name, hash(each.tobytes()) if each.size < 100_000 else float(np.sum(each))))


def _inside(name: str, value: Any) -> list[tuple[str, Any]]:
    """What lies in a list, a dict or an object."""
    if isinstance(value, dict):
        return [(f"{name}[{key!r}]", each) for key, each in list(value.items())[:INSIDE]]
    if isinstance(value, (list, tuple)):
        return [(f"{name}[{i}]", each) for i, each in enumerate(value[:INSIDE])]
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict) and not isinstance(value, type) and not callable(value):
        return [(f"{name}.{key}", each) for key, each in list(held.items())[:INSIDE]]
    return []


def _kind(seen: tuple[str, Any]) -> str:
    dtype = seen[0]
    return "a Python float" if dtype == "float" else f"{'an array' if dtype.startswith('float') else 'a'} of {dtype}"


def _line(code: CodeType, number: int) -> str:
    return f"{_place(code, number)}: {_short(_text(code, number))}"


def _text(code: CodeType, number: int) -> str:
    return linecache.getline(code.co_filename, number).strip()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _place(code: CodeType, number: int) -> str:
    return f"line {number} of {code.co_filename.rpartition('/')[2]}"
