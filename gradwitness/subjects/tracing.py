"""One traced run of the user's code: what it leaves in local variables, line by line. Code of libraries is not traced."""

from __future__ import annotations

import linecache
import re
import sys
import time
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.subjects.arguments import is_float
from gradwitness.subjects.errors import file_of, of_a_library
from gradwitness.subjects.named import narrow_dtypes, own_text

INSIDE = 32
"""Entries of a local list, dict or object that are looked at."""
NUMBER = 0
"""Stands for the identity of a number, which cannot be stored into."""
SHOWN = 90
"""Characters of a line."""
EMPTY = re.compile(r"\bempty(?:_like)?\(")


class TooLongError(Exception):
    """The time is over."""


@dataclass(frozen=True)
class Step:
    """A variable that a line made float64, or changed in float64; or an argument or a result (not made) of a function."""

    place: tuple[CodeType, int, str]
    print: Any
    words: str
    roundoff: float
    made: bool = True


class Trace:
    """What one run left in local variables, in order; and the lines that ran, with the narrow dtypes that each names."""

    def __init__(self, deadline: float) -> None:
        self.steps: list[Step] = []
        self.lines: dict[tuple[CodeType, int], list[str]] = {}
        self._deadline = deadline
        self._before: dict[int, dict[str, tuple[int, Any, float]]] = {}
        self._at: dict[int, int] = {}

    @property
    def made(self) -> list[Step]:
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
            words = f"{place_of(code, code.co_firstlineno)}: {code.co_name} gets {name}, {_kind(seen)}"
            self.steps.append(Step((code, code.co_firstlineno, name), seen[1], words, seen[2], made=False))
        self._before[id(frame)], self._at[id(frame)] = given, frame.f_lineno
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, result: Any) -> Any:
        if time.process_time() > self._deadline:
            raise TooLongError
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
                    if not stored and EMPTY.search(text_of(frame.f_code, line)):
                        continue  # what stands in an empty array is nobody's value
                    words = f"{line_of(frame.f_code, line)} {'stores into' if stored else 'makes'} {name}, {_kind(seen)}"
                    self.steps.append(Step((frame.f_code, line, name), seen[1], words, seen[2]))
            for name, seen in _narrow({"": result}) if event == "return" else ():
                words = f"{line_of(frame.f_code, line)} returns {_kind(seen)}"
                self.steps.append(Step((frame.f_code, line, name), seen[1], words, seen[2], made=False))
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


def line_of(code: CodeType, number: int) -> str:
    return f"{place_of(code, number)}: {_short(text_of(code, number))}"


def text_of(code: CodeType, number: int) -> str:
    return linecache.getline(code.co_filename, number).strip()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def place_of(code: CodeType, number: int) -> str:
    return f"line {number} of {file_of(code.co_filename)}"
