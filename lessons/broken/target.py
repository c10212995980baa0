"""What is broken: an op of the reference, or the reader's own pair of functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from conformance.learning.choice import task_of
from conformance.learning.task import Task
from conformance.rewriting.mutant import Mutant, of_function
from conformance.rewriting.reachable import reached
from conformance.rewriting.wrong_gradients import at_mutant, attached, what_it_is
from conformance.run import subject as at_case
from gradwitness import Report, check
from gradwitness.subjects.pair import Subject
from lessons.broken.mistakes import Mistake
from reference import OPS

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Target:
    """What is broken.

    name       in the words of the lesson
    where      where the mistake is: "the backward of relu", "line 12 of mine.py"
    task       the training that shows it
    subject    the pair as rules examine it, at inputs of its own
    mistakes   those that can be planted; not each makes a wrong gradient
    wrong      whether a mistake makes a wrong gradient, and changes nothing else
    check      () -> the report of gradwitness.check
    """

    name: str
    where: str
    task: Task
    subject: Subject
    mistakes: list[Mistake]
    wrong: Callable[[Mistake], bool]
    check: Callable[[], Report]


def of_op(name: str) -> Target:
    """An op of the reference. Its mistakes are those in the functions that its backward runs and its forward does not."""
    op = OPS[name]
    subject = at_case(op, op.cases[0])
    subject.cotangent  # noqa: B018  drawn while nothing is planted
    functions = reached((op.backward,), "reference.") - reached((op.forward,), "reference.")
    mutants: dict[str, Mutant] = {}
    for function in sorted(functions, key=lambda f: (f is not op.backward, f.__module__, f.__name__)):
        for mutant in of_function("pair", function, (name,)):
            count = sum(each.label == mutant.label for each in mutants.values())
            mutants[f"{mutant.label} {count + 1}"] = mutant

    def wrong(mistake: Mistake) -> bool:
        mutant = mutants[mistake.name]
        at = at_mutant(mutant)
        with mutant.plant():
            return what_it_is(mutant, at) == "live"

    def examined() -> Report:
        return check(*attached(subject), subject.inputs, dict(subject.static), cached=True, seed=subject.seed)

    mistakes = [Mistake(key, _file(m), m.line, m.before, m.after, m.plant) for key, m in mutants.items()]
    return Target(name, f"the backward of {name}", task_of(op), subject, mistakes, wrong, examined)


def _file(mutant: Mutant) -> str:
    code = cast("Any", mutant.function).__code__
    return str(Path(code.co_filename).resolve().relative_to(ROOT))


def same_bits(some: list[Any], others: list[Any]) -> bool:
    """Whether two lists of arrays are the same, bit for bit."""
    return len(some) == len(others) and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))
