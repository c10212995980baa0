"""Asks the rules of peers, and ours, about one corpus: which rule kills which mutant, and which rejects a right pair.

Each finding is a row of a journal as soon as it is known. A run continues where the last one stopped.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from conformance.distributed import each
from conformance.rewriting.wrong_gradients import at_mutant, what_it_is
from conformance.run import subject as at_case
from gradwitness.subjects.pair import Subject
from reference import OPS, Case
from trust.journal import Entry, Journal
from trust.peers.examined import Examined
from trust.peers.rules import RULES
from trust.peers.verdict import verdict
from trust.peers.wrong_gradients import mutants
from trust.places import ENVIRONMENT, FOLDER

FILE = FOLDER / "peers.jsonl"
INTERRUPTED = 130
"""The exit status of a program that Ctrl-C ended."""
DEADLY = "ends the process that runs it"
Task = tuple[str, list[str]]
"""A mutant's id, or "right op/case number"; and the rules that are to be asked about it."""


def so_far(file: Path = FILE, *, fresh: bool = False) -> Journal:
    """The journal: a row for each task. Later verdicts about a task join the earlier ones."""
    return Journal(file, joined=_joined, fresh=fresh)


def compare(journal: Journal, tasks: Sequence[Task], *, workers: int, scheduler: str = "") -> bool:
    """Let workers do tasks, and record each result when it comes. False if it was interrupted."""
    if not tasks:
        return True
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # workers end with the process that started them
    rows = each(_find_out, tasks, _dead, workers=min(workers, len(tasks)), scheduler=scheduler, prepare=_prepare)
    try:
        for row in track(rows, "peers", total=len(tasks), console=Console(stderr=True)):
            journal.add(row)
    except KeyboardInterrupt:
        print("interrupted; what was found is kept, and the same command continues from here", file=sys.stderr)  # noqa: T201
        return False
    finally:
        rows.close()
    return True


def lacking(
    journal: Journal, *, limit: int | None, seeds: int, ops: Sequence[str] = (), rules: Sequence[str] = ()
) -> Iterator[Task]:
    """The tasks about which the journal lacks a verdict: mutants, then right pairs.

    limit   how many mutants at most, in a seeded random order; None for all
    seeds   at how many inputs each right pair is shown; the first are those of the tests
    ops     only these; all if empty
    rules   only these; all if empty
    """
    ids = list(mutants())
    order = np.random.default_rng(5).permutation(len(ids))  # any part of a run is a random sample
    tasks = [ids[i] for i in order if not ops or _op(ids[i]) in ops][:limit]
    right = [f"{op.name}/{case.id}" for op in OPS.values() for case in op.cases if not ops or op.name in ops]
    tasks += [f"right {where} {n}" for n in range(seeds) for where in right]
    asked = rules or list(RULES)
    return ((task, left) for task in tasks if (left := _lacking(task, journal.entries.get(task), asked)))


def found(journal: Journal, ops: Sequence[str] = (), rules: Sequence[str] = ()) -> list[Entry]:
    """The rows that are valid for the present corpus and complete: every rule, or every one named, was asked."""
    rows, asked = journal.entries.values(), rules or list(RULES)
    return [row for row in rows if _op(row["id"]) in (ops or OPS) and not _lacking(row["id"], row, asked)]


def _joined(earlier: Entry, later: Entry) -> Entry:
    """Verdicts join only if the id stands for the same mistake in both rows."""
    same = earlier["what"] == later["what"]
    return later | {"verdicts": earlier["verdicts"] | later["verdicts"]} if same else later


def _op(task: str) -> str:
    """The op of a task; empty for a mutant that the corpus no longer has."""
    if task.startswith("right "):
        return task.removeprefix("right ").partition("/")[0]
    return mutants()[task].examiners[0] if task in mutants() else ""


def _what(task: str) -> str:
    """The mistake that an id stands for. It can change when the corpus changes."""
    return "" if task.startswith("right ") else f"{mutants()[task].before} -> {mutants()[task].after}"


def _lacking(task: str, row: Entry | None, rules: Sequence[str]) -> list[str]:
    if row is None or row["what"] != _what(task):
        return list(rules)
    return [name for name in rules if name not in row["verdicts"]] if row["state"] in ("live", "right") else []


def _prepare() -> None:
    """Called in each worker before it works."""
    os.environ |= ENVIRONMENT


def _find_out(task: Task) -> Entry:
    """One row: what the subject is, and the verdicts of the rules that were asked."""
    name, rules = task
    if name.startswith("right "):
        _, where, nth = name.split()
        op, case_id = where.split("/")
        case = next(c for c in OPS[op].cases if c.id == case_id)
        subject = at_case(OPS[op], case, int(nth) or None)  # 0: the inputs of the tests
        return _row(name, _verdicts(op, case, subject, rules))
    mutant = mutants()[name]
    op, case = mutant.examiners[0], OPS[mutant.examiners[0]].cases[0]
    subject = at_mutant(mutant)
    with mutant.plant():
        state = what_it_is(mutant, subject)
        verdicts = _verdicts(op, case, subject, rules) if state == "live" else {}
    return _row(name, verdicts, state)


def _dead(task: Task) -> Entry:
    """The row of a subject that ends its worker twice: a mutant is stillborn, and a pair has died, which is no rule's kill."""
    name, rules = task
    return _row(name, dict.fromkeys(rules, f"died: {DEADLY}") if name.startswith("right ") else {}, "stillborn")


def _row(name: str, verdicts: dict[str, str], state: str = "") -> Entry:
    if name.startswith("right "):
        op, case_id = name.split()[1].split("/")
        kink = next(case.kink for case in OPS[op].cases if case.id == case_id)
        return {"id": name, "what": "", "state": "right", "kink": kink, "verdicts": verdicts}
    return {"id": name, "what": _what(name), "state": state, "label": mutants()[name].label, "verdicts": verdicts}


def _verdicts(op: str, case: Case, subject: Subject, rules: list[str]) -> dict[str, str]:
    return {rule: verdict(RULES[rule], Examined(OPS[op], case, subject)) for rule in rules}
