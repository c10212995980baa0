"""conformance/known_differences.toml: disagreements that are real, and limits of accuracy, recorded with what was measured.
An unrecorded one fails the run, and so does a recorded one that has gone away. An adapter that lives outside this repository has
such a file beside its __init__.py.

    python -m conformance known --adapter tensorflow --op leaky_relu

prints what the cells that disagree measure, in the form that the file wants.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from conformance.matrix import Cell
from conformance.records import Accuracy, Difference, Record, Second, Unsupported
from gradwitness import frameworks

__all__ = ["Accuracy", "Difference", "Unsupported", "accuracies", "differences", "known", "seconds", "unsupported"]

FILE = Path(__file__).with_name("known_differences.toml")
LISTS = ("case", "dtype", "mode", "device", "index")
STATUSES = ("new", "reported", "documented", "fixed in VERSION")

R = TypeVar("R", bound=Record)


@cache
def differences() -> tuple[Difference, ...]:
    """All differences of the file."""
    return _records("difference", Difference)


@cache
def accuracies() -> tuple[Accuracy, ...]:
    """All accuracy limits of the file."""
    return _records("accuracy", Accuracy)


@cache
def seconds() -> tuple[Second, ...]:
    """All wrong second derivatives of the file."""
    return _records("second", Second)


@cache
def unsupported() -> tuple[Unsupported, ...]:
    """All cells of the file that cannot be run."""
    return _records("unsupported", Unsupported)


def known(cell: Cell) -> Difference | Accuracy | Unsupported | None:
    """The entry that holds for a cell, if there is one."""
    records: tuple[Difference | Accuracy | Unsupported, ...] = (*differences(), *accuracies(), *unsupported())
    return next((record for record in records if record.holds_for(cell)), None)


def _records(table: str, kind: type[R]) -> tuple[R, ...]:
    return tuple(
        record(kind, f"{file.parent.name}/{file.name}, [[{table}]] {number}", entry)
        for file in (FILE, *_elsewhere())
        for number, entry in enumerate(tomllib.loads(file.read_text()).get(table, []), start=1)
    )


def _elsewhere() -> Iterator[Path]:
    """The files of adapters that live outside this repository, each beside its package's __init__.py. No adapter is imported."""
    for spec in frameworks.specs().values():
        found = find_spec(spec.adapter) if spec.adapter else None
        for folder in (found and found.submodule_search_locations) or ():
            if (file := Path(folder) / FILE.name).exists():
                yield file


def record(kind: type[R], place: str, entry: Mapping[str, Any]) -> R:
    """An entry of the file as a record. Raises ValueError that names the entry and what is wrong with it."""
    if problem := _problem(kind, entry):
        name = " ".join(str(entry.get(key, "")) for key in ("adapter", "op")).strip()
        raise ValueError(f"{place} ({name}): {problem}")
    fields: dict[str, Any] = {key: tuple(value) if key in LISTS else value for key, value in entry.items()}
    return kind(**fields)


def _problem(kind: type[R], entry: Mapping[str, Any]) -> str:
    """The first thing that is wrong with an entry; empty where nothing is."""
    required = {field.name: field.default is MISSING for field in fields(kind)}
    if absent := [key for key, needed in required.items() if needed and key not in entry]:
        return f"{', '.join(absent)} missing"
    status, link = str(entry["status"]), str(entry.get("link", ""))
    is_status = status in STATUSES[:3] or re.fullmatch(r"fixed in \S+( \S+)*", status)
    strange, no_list = [key for key in entry if key not in required], [k for k in LISTS if not isinstance(entry.get(k, []), list)]
    wrong = {
        f"unknown key {', '.join(strange)}; there are {', '.join(required)}": strange,
        f"{', '.join(no_list)}: wanted a list of names": no_list,
        "reason is empty; wanted one sentence that says what the framework does": not entry["reason"],
        f"status is {status!r}; wanted one of {', '.join(STATUSES)}": not is_status,
        f"link is {link!r}; wanted an address that begins with https://": link and not re.fullmatch(r"https://\S+", link),
        "status is 'new', which has no link; a page that shows where it comes from is its `source`": status == "new" and link,
        f"status is {status!r} without a link; wanted the page that says so": status != "new" and not link,
    }
    return next((problem for problem, found in wrong.items() if found), "")
