"""Can a mutant run at all? What breaks on the generic case, or does not return, is stillborn: anybody would notice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from conformance.run import RUN
from gradwitness.verdict import Disagreement
from trust.corpus.mutant import Mutant
from trust.corpus.right import DTYPE, TABLES, agreeing, at, cases, results, steps

SECONDS_TO_LIVE = 20
"""A mutant that does not return from its generic case by then is stillborn."""


class TooLong(Exception):
    """It does not return."""


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


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises TooLong in what takes longer. Works in a main thread."""

    def stop(*_: object) -> None:
        raise TooLong(f"did not return within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def line(error: BaseException) -> str:
    """The first line of what an error says."""
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
