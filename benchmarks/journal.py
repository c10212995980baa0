"""What a run has found so far, one line of JSON for each unit, written when it is known. An interrupted run goes on from it.

A journal belongs to a choice with its options, a commit with its uncommitted changes, and a machine. With another of them,
another journal begins. It is deleted when the run is finished and its result is written.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from benchmarks.store import ROOT

FOLDER = ROOT / ".benchmarks" / "journals"


class Journal:
    """Unit's name -> what it gave."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.entries: dict[str, dict[str, Any]] = {}
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # cut short by a kill: that unit is timed again
                continue
            self.entries[entry["id"]] = entry

    def add(self, identity: str, entry: dict[str, Any]) -> None:
        """Keep an entry, and write it to the file."""
        self.entries[identity] = {"id": identity, **entry}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        cut = self.file.exists() and not self.file.read_bytes().endswith(b"\n")
        with self.file.open("a") as file:  # closing it writes the line now
            file.write(("\n" if cut else "") + json.dumps(self.entries[identity]) + "\n")

    def delete(self) -> None:
        """The run is finished."""
        self.file.unlink(missing_ok=True)


def journal_of(*belongs: object, folder: Path = FOLDER) -> Journal:
    """The journal of everything that it belongs to: choice and options, commit, changes, machine."""
    digest = hashlib.sha256(json.dumps([str(each) for each in belongs]).encode()).hexdigest()
    return Journal(folder / f"{digest[:16]}.jsonl")
