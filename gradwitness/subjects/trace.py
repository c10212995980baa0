"""Which line of the user's code cuts longdouble to float64: found by tracing two runs at slightly different inputs.

After each line the local variables are looked at, and what lies one step inside of them. The first one that is an array of
float64 (or narrower) or a Python float, and differs between the two runs, depends on the input: the line before made it. Where
there is none, the first line that calls what returns float64 is named. Code of libraries is not traced.

Nothing is concluded from this but words for a report, and how wide a step of rounding may be. It is asked where the measured
noise says that longdouble was cut.
"""

from __future__ import annotations

import linecache
import re
import sys
import time
import traceback
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.subjects.arguments import is_float
from gradwitness.subjects.errors import UserError, file_of, of_a_library
from gradwitness.subjects.named import narrow_dtypes, own_text
from gradwitness.subjects.watched import noted

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
APART = 2.0**-5
"""How far they are moved where narrower dtypes are looked for: a cast to float16 does not hide it."""
BFLOAT16 = 2.0**-8
"""The unit roundoff of bfloat16."""
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
    runs = _two_runs(run, arrays, NEARBY)
    if runs is None:
        return ""
    first, second = runs
    for one, other in zip(first.made, second.made, strict=False):
        if one.place != other.place:
            break  # the runs took different branches
        if one.print != other.print:
            return one.words
    return next((_line(code, number) for code, number in first.lines if CUTS.search(own_text(code, number))), "")


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
        Narrow(str(dtype), unit_roundoff(dtype), f"{_line(frame.f_code, line)} casts to {dtype}")
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
            found.append(Narrow(dtype, roundoff, _line(code, number)))
    return max(found, key=lambda one: one.roundoff, default=None)


def _two_runs(run: Callable[[Sequence[Array]], Any], arrays: Sequence[Array], apart: float) -> tuple[_Trace, _Trace] | None:
    """Two runs at inputs that differ by a share of themselves; None where they take too long or fail."""
    moved = [
        (array + array * array.dtype.type(apart) * np.cos(np.arange(array.size) + 1.0).reshape(array.shape)).astype(array.dtype)
        for array in arrays
    ]
    deadline = time.perf_counter() + SECONDS
    first, second = _Trace(deadline), _Trace(deadline)
    try:
        first.follow(run, arrays)
        second.follow(run, moved)
    except (_TooLongError, UserError, TypeError, ArithmeticError):
        return None
    return first, second


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
    """A variable that a line made float64, or changed in float64; or an argument or a result (not made) of a function."""

    place: tuple[CodeType, int, str]
    print: Any
    words: str
    roundoff: float
    made: bool = True


class _Trace:
    """What one run left in local variables, in order; and the lines that ran, with the narrow dtypes that each names."""

    def __init__(self, deadline: float) -> None:
        self.steps: list[_Step] = []
        self.lines: dict[tuple[CodeType, int], list[str]] = {}
        self._deadline = deadline
        self._before: dict[int, dict[str, tuple[int, Any, float]]] = {}
        self._at: dict[int, int] = {}

    @property
    def made(self) -> list[_Step]:
        """The variables alone."""
        return [step for step in self.steps if step.made]

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
        given = dict(_narrow(frame.f_locals))
        code = frame.f_code
        for name, seen in given.items():
            words = f"{_place(code, code.co_firstlineno)}: {code.co_name} gets {name}, {_kind(seen)}"
            self.steps.append(_Step((code, code.co_firstlineno, name), seen[1], words, seen[2], made=False))
        self._before[id(frame)], self._at[id(frame)] = given, frame.f_lineno
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, result: Any) -> Any:
        if time.perf_counter() > self._deadline:
            raise _TooLongError
        if event in ("line", "return"):
            line = self._at[id(frame)]
            if (frame.f_code, line) not in self.lines:
                known = ChainMap(frame.f_locals, frame.f_globals)
                self.lines[frame.f_code, line] = list(narrow_dtypes(own_text(frame.f_code, line), known))
            now = dict(_narrow(frame.f_locals))
            before = self._before[id(frame)]
            for name, seen in now.items():
                if seen != before.get(name):
                    stored = name in before and before[name][0] == seen[0] != NUMBER
                    if not stored and EMPTY.search(_text(frame.f_code, line)):
                        continue  # what stands in an empty array is nobody's value
                    words = f"{_line(frame.f_code, line)} {'stores into' if stored else 'makes'} {name}, {_kind(seen)}"
                    self.steps.append(_Step((frame.f_code, line, name), seen[1], words, seen[2]))
            for name, seen in _narrow({"": result}) if event == "return" else ():
                words = f"{_line(frame.f_code, line)} returns {_kind(seen)}"
                self.steps.append(_Step((frame.f_code, line, name), seen[1], words, seen[2], made=False))
            self._before[id(frame)], self._at[id(frame)] = now, frame.f_lineno
        return self._stepped


def _narrow(variables: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, Any, float]]]:
    """The floats of float64 and less in variables: name, identity, what tells values apart, and the unit roundoff."""
    for name, value in variables.items():
        for inner, each in ((name, value), *_inside(name, value)):
            if isinstance(each, float) and not isinstance(each, np.generic):
                yield inner, (NUMBER, ("float", each), unit_roundoff(np.float64))
            elif isinstance(each, (np.ndarray, np.generic)) and is_float(each) and each.dtype.itemsize <= 8:
                values = hash(each.tobytes()) if each.size < 100_000 else float(np.sum(each))
                identity = id(each) if isinstance(each, np.ndarray) else NUMBER
                yield inner, (identity, (each.dtype.name, values), unit_roundoff(each.dtype))


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


def _kind(seen: tuple[int, Any, float]) -> str:
    dtype = seen[1][0]
    return "a Python float" if dtype == "float" else f"{'a' if seen[0] == NUMBER else 'an array of'} {dtype}"


def _line(code: CodeType, number: int) -> str:
    return f"{_place(code, number)}: {_short(_text(code, number))}"


def _text(code: CodeType, number: int) -> str:
    return linecache.getline(code.co_filename, number).strip()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _place(code: CodeType, number: int) -> str:
    return f"line {number} of {file_of(code.co_filename)}"
