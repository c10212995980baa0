"""Trains with each mutant that is a wrong gradient and nothing else, and asks the rules about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from conformance import rules
from conformance.learning.choice import right_runs, task_of
from conformance.learning.task import Task, as_low, goes_down, train
from conformance.rewriting.mutant import Mutant
from conformance.rewriting.wrong_gradients import at_mutant, attached, what_it_is
from conformance.run import subject as at_case
from gradwitness import checking
from gradwitness.subjects.pair import Subject
from reference import OPS
from trust.corpus.time_limit import TooLong, at_most
from trust.diagnosis.run import sample, what
from trust.journal import Entry, Journal
from trust.peers.wrong_gradients import mutants
from trust.places import FOLDER

FILE = FOLDER / "trained.jsonl"
SECONDS = 20
"""The time limit of a training, and of a rule."""
RULES = ("rule of thumb, 1e-7", "gradcheck's rule", "gradwitness.check")


def so_far(file: Path = FILE, *, fresh: bool = False) -> Journal:
    """The journal: a row for each mutant, and for each right op. After a change of the trainings, run with --fresh."""
    return Journal(file, fresh=fresh)


def wanted(limit: int | None, ops: tuple[str, ...] = ()) -> list[str]:
    """What is examined: right ops, as "right NAME", then mutants by id, in a seeded random order; so many, or all."""
    return [f"right {name}" for name in OPS if not ops or name in ops] + sample(limit, ops)


def lacking(journal: Journal, tasks: list[str]) -> list[str]:
    """Those of which the journal has no valid row."""
    return [task for task in tasks if (row := journal.entries.get(task)) is None or row["what"] != _what(task)]


def _what(task: str) -> str:
    return "" if task.startswith("right ") else what(task)


def run(journal: Journal, tasks: list[str]) -> Iterator[Entry]:
    """Do one after the other, and record each row when it is known."""
    for task in tasks:
        row = of_right(task.removeprefix("right ")) if task.startswith("right ") else examined(mutants()[task])
        row |= {"id": task, "what": _what(task)}
        journal.add(row)
        yield row


def of_right(name: str) -> Entry:
    """What the rules say of an op as it is, and its training."""
    subject = at_case(OPS[name], OPS[name].cases[0])
    rate, runs = right_runs(name)
    return {"state": "right", "op": name, "rate": rate, "down": sum(map(goes_down, runs)), "rules": _asked(subject)}


def examined(mutant: Mutant) -> Entry:
    """A row about one mutant: its state, and for a live one what training does and what the rules say."""
    name, subject = mutant.examiners[0], at_mutant(mutant)
    right_runs(name)  # before a mistake is planted, as are the task and its data
    task = task_of(OPS[name], subject.backward)
    with mutant.plant():
        state = what_it_is(mutant, subject)
        row: Entry = {"state": state, "op": name, "label": mutant.label, "in source": mutant.spoil is None}
        return row | {"trained": trained(task, name), "rules": _asked(subject)} if state == "live" else row


def trained(task: Task, name: str) -> dict[str, bool]:
    """What a training does, which begins as the first of the right runs: which of these hold.

    raises   it raises, or does not return
    down     the mean loss of its last tenth is below that of its first tenth, and below its first loss
    as low   it ends as low as one of the right runs
    same     each of its losses is that of the right run, bit for bit
    """
    rate, right = right_runs(name)
    try:
        with at_most(SECONDS):
            losses = train(task, rate)
    except Exception:  # a mutant may raise anything
        return {"raises": True, "down": False, "as low": False, "same": False}
    same = np.array_equal(losses, right[0], equal_nan=True)
    return {"raises": False, "down": goes_down(losses), "as low": as_low(losses, list(right)), "same": bool(same)}


def _asked(subject: Subject) -> dict[str, str]:
    """The verdict of each rule: "wrong", "right", "cannot tell" or "raises"."""
    asked = (rules.rule_of_thumb, rules.gradcheck, _ours)
    return {name: _verdict(rule, subject) for name, rule in zip(RULES, asked, strict=True)}


def _verdict(rule: Any, subject: Subject) -> str:
    try:
        with at_most(SECONDS), np.errstate(all="ignore"):
            said = rule(replace(subject))
    except TooLong:
        return "raises"
    except Exception:  # a mutant may raise anything
        return "raises"
    return said if isinstance(said, str) else "wrong" if said.wrong else "right"


def _ours(subject: Subject) -> str:
    """The verdict of check. Which mistake explains a wrong gradient has no say in it, and is not asked."""
    with patch.object(checking, "explained", lambda _, findings: findings):
        return checking.check(*attached(subject), subject.inputs, dict(subject.static), cached=True, seed=subject.seed).verdict
