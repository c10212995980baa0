"""The narrow dtypes that a line of source names, by what the names stand for where it ran: half = n // 2 is none."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any

import numpy as np

DTYPES = "float32|float16|bfloat16|half|single"
NAME = re.compile(rf"(?<![\w.'\"])((?:\w+\.)*(?:{DTYPES}))\b(?!\s*=(?!=))")
"""A name, or attributes after dots. An argument or a variable that is assigned to is none."""
METHOD = re.compile(r"\.(half|bfloat16)\(\)")
"""PyTorch's casts."""
TEXT = re.compile(rf"(?<![\w)\]]\[)['\"]({DTYPES})['\"](?!\s*:)|(?:dtype\s*=|astype\()\s*['\"]<?([ef][24]?)['\"]")
"""A dtype as text, and NumPy's codes. A key of a dict is none."""
CODES = {"e": "float16", "f": "float32", "f2": "float16", "f4": "float32", "half": "float16", "single": "float32"}


def narrow_dtypes(line: str, variables: Mapping[str, Any]) -> Iterator[str]:
    """The names of the narrow dtypes in a line.

    variables   what its names stand for
    """
    source = line.partition("#")[0]
    names = [name for name in NAME.findall(source) if _is_dtype(_value(name.split("."), variables))]
    texts = ["".join(spellings) for spellings in TEXT.findall(source)]  # all but one are empty
    for name in (*names, *METHOD.findall(source), *texts):
        last = name.rpartition(".")[2]
        yield CODES.get(last, last)


def own_text(code: CodeType, number: int) -> str:
    """What a line of source says that is part of a function's own code: a lambda may share its line with others.

    The lambdas inside it are blanked; they have code of their own, which runs when they are called.
    """
    line = linecache.getline(code.co_filename, number).rstrip().encode()
    inner = [_columns(each, number, len(line)) for each in code.co_consts if isinstance(each, CodeType)]
    start, end = _columns(code, number, len(line)) or (0, len(line))
    for first, last in (columns for columns in inner if columns):
        line = line[:first] + b" " * (last - first) + line[last:]
    return line[start:end].decode(errors="replace").strip()


def _columns(code: CodeType, number: int, length: int) -> tuple[int, int] | None:
    """From which byte of a line to which the instructions of some code go; None where Python has kept no positions."""
    found = [
        (start if first == number else 0, end if last == number else length)
        for first, last, start, end in code.co_positions()
        if first is not None and last is not None and start is not None and end is not None
        if first <= number <= last and (first, start) != (last, end)  # the entry of a function has no width
    ]
    return (min(start for start, _ in found), max(end for _, end in found)) if found else None


def _value(parts: list[str], variables: Mapping[str, Any]) -> Any:
    """What a name with dots stands for; None if that is not known without running the user's code."""
    value = variables.get(parts[0])
    for part in parts[1:]:
        value = getattr(value, part, None) if isinstance(value, ModuleType) else inspect.getattr_static(value, part, None)
    return value


def _is_dtype(value: Any) -> bool:
    """Whether a value is a dtype: NumPy's and JAX's scalar types, or an object of the class of dtypes that a framework has."""
    return isinstance(value, (type, np.dtype)) or type(value).__name__.lower() == "dtype"
