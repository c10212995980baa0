"""Checks each mutant that is a wrong gradient and nothing else, and keeps the first explanation that its report gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.rewriting.wrong_gradients import at_mutant, attached, what_it_is
from gradwitness.checking import check
from gradwitness.diagnosis.case import Explanation
from gradwitness.subjects.pair import Subject
from trust.journal import Entry, Journal
from trust.peers.wrong_gradients import mutants
from trust.places import FOLDER

FILE = FOLDER / "diagnosis.jsonl"


def so_far(file: Path = FILE, *, fresh: bool = False) -> Journal:
    """The journal: a row for each mutant. An explanation is of the code that gave it: after a change, run with --fresh."""
    return Journal(file, fresh=fresh)


def sample(limit: int | None, ops: tuple[str, ...] = ()) -> list[str]:
    """Ids of mutants in a seeded random order, that of `trust peers`: the first so many, or all. Of the ops named, or of all."""
    ids = list(mutants())
    order = np.random.default_rng(5).permutation(len(ids))
    return [ids[i] for i in order if not ops or mutants()[ids[i]].examiners[0] in ops][:limit]


def lacking(journal: Journal, ids: list[str]) -> list[str]:
    """Those of which the journal has no valid row."""
    return [name for name in ids if (row := journal.entries.get(name)) is None or row["what"] != what(name)]


def what(name: str) -> str:
    """The mistake that an id stands for. It can change when the corpus changes."""
    return f"{mutants()[name].before} -> {mutants()[name].after}"


def examined(name: str) -> Entry:
    """A row about one mutant: its state, and for a live one the first explanation."""
    mutant = mutants()[name]
    subject = at_mutant(mutant)
    row: Entry = {"id": name, "what": what(name), "label": mutant.label}
    with mutant.plant(shown=True) if mutant.spoil is None else mutant.plant():
        row["state"] = what_it_is(mutant, subject)
        return row | told(subject) if row["state"] == "live" else row


def told(subject: Subject) -> dict[str, Any]:
    """What a report says: its verdict, the first explanation and its kind, evaluations and seconds."""
    start = time.process_time()
    try:
        report = check(*attached(subject), subject.inputs, dict(subject.static), cached=True, seed=subject.seed)
    except Exception as error:  # a mutant may raise anything
        return {
            "verdict": f"refused: {type(error).__name__}",
            "kind": "",
            "words": str(error)[:200],
            "evaluations": 0,
            "seconds": 0.0,
        }
    wrong = [finding for finding in report if finding.verdict == "wrong"]
    proven = [finding for finding in wrong if isinstance(finding.explanation, Explanation)]
    probed = [
        finding for finding in wrong if finding.about == "dout" and ("linear" in finding.message or "not use" in finding.message)
    ]
    if probed and not proven:  # a finding of its own says it: backward is not linear in its cotangent
        proven = [replace(probed[0], explanation=Explanation("cotangent", probed[0].message))]
    words = [f"{finding.about}: {finding.explanation}" for finding in (proven or wrong)]
    return {
        "verdict": report.verdict,
        "kind": _kind(proven[0].explanation) if proven else "",
        "words": words[0] if words else "",
        "evaluations": report.evaluations,
        "seconds": round(time.process_time() - start, 3),
    }


def _kind(explanation: str) -> str:
    return explanation.kind if isinstance(explanation, Explanation) else ""


def run(journal: Journal, ids: list[str]) -> Iterator[Entry]:
    """Examine mutants one after the other, and record each row when it is known."""
    for name in ids:
        row = examined(name)
        journal.add(row)
        yield row
