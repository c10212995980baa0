"""Does a mutant run at all? One that raises on the generic case, or does not return, is stillborn: anybody would notice."""

from __future__ import annotations

import numpy as np

from conformance.rewriting.mutant import Mutant
from conformance.run import RUN
from gradwitness.verdict import Disagreement
from trust.corpus.baseline import DTYPE, TABLES, agreeing, cases, results, steps, subject_of
from trust.corpus.time_limit import at_most

SECONDS_TO_LIVE = 20
"""The time limit of the generic case."""


def stillborn(mutant: Mutant) -> str:
    """Why a mutant does not run on the generic case of its nearest examiner; empty where it runs."""
    name = mutant.examiners[0]
    case = cases(name)[0]
    if mutant.kind == "pair":
        subject = subject_of(name, case.id)
        subject.cotangent  # noqa: B018  drawn while nothing is planted

        def run() -> None:
            mutant.on(subject).run(lambda a: a, DTYPE)
    elif mutant.kind == "optimizer":

        def run() -> None:
            steps(TABLES["optimizer"][name], case)
    else:
        cells = list(agreeing(name, case.id, (mutant.adapter,)))

        def run() -> None:
            for cell in cells:
                RUN[cell.kind](cell)

        for cell in cells:
            results(cell)  # imports, traces and compiles before the time limit starts
    try:
        with mutant.plant(), np.errstate(all="ignore"), at_most(SECONDS_TO_LIVE):
            run()
    except Disagreement:
        return ""
    except Exception as error:  # the mutated code may raise anything
        return line(error)
    return ""


def line(error: BaseException) -> str:
    """The first line of an error's message."""
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
