"""The journals of mutants and of their checks. An entry is valid until something that it depends on changes."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import gradwitness
from conformance.rewriting.mutant import Mutant
from trust.corpus.baseline import TABLES, kind_of
from trust.journal import Entry, Journal
from trust.mutants.outcome import Outcome
from trust.places import FOLDER, ROOM

WORKING, CHECKED = FOLDER / "mutants.jsonl", FOLDER / "checks.jsonl"
ENGINE = (
    "arrays.py", "evidence.py", "subjects/pair.py", "rounding/arithmetic.py", "rounding/noise.py",
    "rounding/operations.py", "rounding/perturbed.py", "rounding/projection.py", "rounding/widths.py",
    "derivative/extrapolation.py", "derivative/numerics.py", "derivative/oracle.py", "verdict/__init__.py",
    "verdict/disagreement.py", "verdict/elements.py", "verdict/limits.py", "verdict/together.py",
)  # fmt: skip


class Records:
    """A journal by a mutant's id, or by a check and an id."""

    def __init__(self, file: Path, *, fresh: bool = False) -> None:
        self.journal = Journal(file, fresh=fresh)

    def of(self, mutant: Mutant, check: str = "") -> Entry | None:
        """The entry of a mutant, or of a check of it, if it is still valid."""
        found = self.journal.entries.get(f"{check} {mutant.id}".lstrip())
        return found if found is not None and found["key"] == key(mutant) else None

    def missing(self, mutants: Iterable[Mutant]) -> list[str]:
        """The ids of mutants without a valid entry."""
        return [mutant.id for mutant in mutants if self.of(mutant) is None]

    def add(self, found: Entry) -> None:
        """Write an entry."""
        self.journal.add(found)


def entry(mutant: Mutant, outcomes: list[Outcome], seconds: float) -> Entry:
    """The entry of a mutant that was examined."""
    found = {outcome.by: {k: v for k, v in asdict(outcome).items() if k != "by" and v} for outcome in outcomes}
    return {"id": mutant.id, "key": key(mutant), "seconds": round(seconds, 3)} | found


def key(mutant: Mutant) -> str:
    """A key that changes with the source of the function, the mistake, the cases of its examiners and the engine."""
    about = (_source(mutant.function), mutant.before, mutant.after, *(_cases(name) for name in mutant.examiners), _engine())
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:16]


@cache
def _source(function: Any) -> str:
    return inspect.getsource(function)


@cache
def _cases(name: str) -> str:
    return ",".join(case.id for case in TABLES[kind_of(name)][name].cases)


@cache
def _engine() -> str:
    engine = Path(gradwitness.__file__).parent
    files = [*(engine / name for name in ENGINE), ROOM / "corpus" / "spoiled_gradients.py"]
    return "\0".join(_computed(file.read_text()) for file in files)


def _computed(source: str) -> str:
    """The code of a file without comments, layout and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree)
