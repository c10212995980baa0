"""The peers' rules and ours on one corpus: who kills which mutant, and who alarms at a right pair.

Every finding is a row of a journal as soon as it is there; a run goes on where the last one stopped.
"""

from __future__ import annotations

import os
import signal
import warnings
from multiprocessing import get_context
from pathlib import Path
from traceback import walk_tb

import numpy as np
from rich.progress import track

import reference
from conformance.run import subject as at_case
from conformance.threads import set_environment
from gradwitness.subjects.pair import Subject
from reference import OPS, Case
from trust.journal import Entry, Journal
from trust.peers.examined import Examined, Inapplicable, Rule
from trust.peers.rules import RULES
from trust.peers.wrong_gradients import at_mutant, mutants, what_it_is
from trust.places import FOLDER

REFERENCE = Path(reference.__file__).parent
FILE = FOLDER / "peers.jsonl"


def so_far(file: Path = FILE, *, fresh: bool = False) -> Journal:
    """What was found out so far, a row for each task; later verdicts about the same thing are put together with earlier ones."""
    return Journal(file, joined=_joined, fresh=fresh)


def run(journal: Journal, *, processes: int, limit: int | None, seeds: int, ops: tuple[str, ...] = ()) -> None:
    """Find out what the journal lacks: mutants in a seeded random order, `limit` of them at most or all, then right pairs at
    `seeds` inputs, the first of them the suite's own.
    """
    ids = list(mutants())
    order = np.random.default_rng(5).permutation(len(ids))  # any part of a run is a random sample
    tasks = [ids[i] for i in order if not ops or _op(ids[i]) in ops][:limit]
    right = [f"{op.name}/{case.id}" for op in OPS.values() for case in op.cases if not ops or op.name in ops]
    tasks += [f"right {where} {n}" for n in range(seeds) for where in right]
    waiting = [(task, todo) for task in tasks if (todo := _lacking(task, journal.entries.get(task)))]
    set_environment(1)  # a process has one processor; read by what the spawned ones import
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that workers end with their parent
    with get_context("spawn").Pool(processes, initializer=_in_worker) as pool:
        for row in track(pool.imap_unordered(_find_out, waiting), "peers", total=len(waiting)):
            journal.add(row)


def found(journal: Journal, ops: tuple[str, ...] = ()) -> list[Entry]:
    """The rows that hold for the corpus as it is, and that every rule was asked about; of the ops named, or of all."""
    return [row for row in journal.entries.values() if _op(row["id"]) in (ops or OPS) and not _lacking(row["id"], row)]


def _joined(earlier: Entry, later: Entry) -> Entry:
    """Verdicts about the same id are of the same thing only if what it stands for has not changed."""
    same = earlier["what"] == later["what"]
    return later | {"verdicts": earlier["verdicts"] | later["verdicts"]} if same else later


def _op(task: str) -> str:
    """The op that a task is about; empty for a mutant that the corpus no longer has."""
    if task.startswith("right "):
        return task.removeprefix("right ").partition("/")[0]
    return mutants()[task].examiners[0] if task in mutants() else ""


def _what(task: str) -> str:
    """What a task is about: the same id may stand for another mistake once the corpus has changed."""
    return "" if task.startswith("right ") else f"{mutants()[task].before} -> {mutants()[task].after}"


def _lacking(task: str, row: Entry | None) -> list[str]:
    if row is None or row["what"] != _what(task):
        return list(RULES)
    return [name for name in RULES if name not in row["verdicts"]] if row["state"] in ("live", "right") else []


def _in_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which has every finding on disk
    if hasattr(os, "nice"):
        os.nice(5)
    warnings.simplefilter("ignore")  # mutants overflow


def _find_out(task: tuple[str, list[str]]) -> Entry:
    """One row: what the thing is, and the verdicts of the rules asked."""
    name, rules = task
    if name.startswith("right "):
        _, where, nth = name.split()
        op, case_id = where.split("/")
        case = next(c for c in OPS[op].cases if c.id == case_id)
        subject = at_case(OPS[op], case, int(nth) or None)  # 0: the suite's own inputs
        verdicts = _verdicts(op, case, subject, rules)
        return {"id": name, "what": "", "state": "right", "kink": case.kink, "verdicts": verdicts}
    mutant = mutants()[name]
    op, case = mutant.examiners[0], OPS[mutant.examiners[0]].cases[0]
    subject = at_mutant(mutant)
    with mutant.plant():
        state = what_it_is(mutant, subject)
        verdicts = _verdicts(op, case, subject, rules) if state == "live" else {}
    return {"id": name, "what": _what(name), "state": state, "label": mutant.label, "verdicts": verdicts}


def _verdicts(op: str, case: Case, subject: Subject, rules: list[str]) -> dict[str, str]:
    return {rule: verdict(RULES[rule], Examined(OPS[op], case, subject)) for rule in rules}


def verdict(rule: Rule, at: Examined) -> str:
    """passed, alarmed, "not applicable: why"; where something else was raised, "died: what of" if the pair raised it, which is
    nobody's kill, and "refused: why" if the check did: its user sees a failure.
    """
    try:
        rule(at)
    except AssertionError:
        return "alarmed"
    except Inapplicable as reason:
        return f"not applicable: {reason}"
    except Exception as error:
        files = (Path(frame.f_code.co_filename) for frame, _ in walk_tb(error.__traceback__))
        said = "died" if any(REFERENCE in file.parents for file in files) else "refused"
        return f"{said}: {type(error).__name__}: {str(error)[:120]}"
    return "passed"
