"""What is known of mutants: a line of JSON for each, written as soon as it is known, and valid while nothing that it depends on changes."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import gradwitness
from trust.mutants import Mutant
from trust.right import TABLES, kind_of
from trust.witnesses import Outcome

ROOM = Path(__file__).parent
WORKING = ROOM.parent / ".trust" / "mutants.jsonl"
"""Ignored by git: the summary is what is kept."""
ENGINE = ("arithmetic.py", "oracles.py", "subject.py", "verdict.py", "witness.py")
EXAMINATION = ("witnesses.py", "spoiled.py")


class Records:
    """The file, as a table from a mutant's id to what was found."""

    def __init__(self, file: Path = WORKING, *, fresh: bool = False) -> None:
        self.file, self.known = file, {}
        if fresh:
            file.unlink(missing_ok=True)
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # the last line of a run that was killed
                continue
            self.known[entry["id"]] = entry

    def of(self, mutant: Mutant) -> dict[str, Any] | None:
        """What was found, if it still holds."""
        entry = self.known.get(mutant.id)
        return entry if entry is not None and entry["key"] == key(mutant) else None

    def missing(self, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Those that nothing is known of."""
        return [m for m in mutants if self.of(m) is None]

    def add(self, entry: dict[str, Any]) -> None:
        """Write what was found."""
        self.known[entry["id"]] = entry
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def entry(mutant: Mutant, outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    """What is written of a mutant."""
    found = {outcome.by: {k: v for k, v in asdict(outcome).items() if k != "by" and v} for outcome in outcomes}
    return {"id": mutant.id, "key": key(mutant), "seconds": round(seconds, 3)} | found


def key(mutant: Mutant) -> str:
    """Changes with the source of the function, the mistake, the cases of its examiners and the engine."""
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
    return "\0".join([*((engine / f).read_text() for f in ENGINE), *((ROOM / f).read_text() for f in EXAMINATION)])
