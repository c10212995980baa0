"""Can a mutant run at all? What breaks on the generic case, or does not return, is stillborn: anybody would notice."""

from __future__ import annotations

import numpy as np

from conformance.run import RUN
from gradwitness.verdict import Disagreement
from trust.corpus.baseline import DTYPE, TABLES, agreeing, at, cases, results, steps
from trust.corpus.mutant import Mutant
from trust.corpus.time_limit import at_most

SECONDS_TO_LIVE = 20
"""A mutant that does not return from its generic case by then is stillborn."""


def stillborn(mutant: Mutant) -> str:
    """Why it cannot even run on the generic case of its nearest examiner; empty where it can."""
    name = mutant.examiners[0]
    case = cases(name)[0]
    if mutant.kind == "pair":
        subject = at(name, case.id)
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
            results(cell)  # imports, traces and compiles, which would count as time
    try:
        with mutant.plant(), np.errstate(all="ignore"), at_most(SECONDS_TO_LIVE):
            run()
    except Disagreement:
        return ""
    except Exception as error:  # whatever the mutated code does
        return line(error)
    return ""


def line(error: BaseException) -> str:
    """The first line of what an error says."""
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
