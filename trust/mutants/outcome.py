"""The verdict of a witness about a mutant, made from checks that raise or return.

Cases are tried in order. The first check that kills ends the examination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from conformance.rewriting.mutant import Mutant
from gradwitness.derivative.oracle import Vacuous
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.verdict import Disagreement
from trust.corpus.baseline import cases
from trust.corpus.stillborn import line
from trust.corpus.time_limit import TooLong, at_most

By = Literal["oracle", "frameworks"]
Verdict = Literal["killed", "refused", "raised", "survived", "stillborn", "too slow", "not applicable"]
SECONDS_PER_CASE = 120


@dataclass(frozen=True)
class Outcome:
    """What a witness found.

    verdict   killed           a result disagrees
              refused          the engine refuses to judge: Vacuous, Unstable, or a result without the subclass; counts as killed
              raised           the mutant raises in a case other than the generic one; counts as killed
              survived         every check passed
              stillborn        the mutant does not run on the generic case
              too slow         it does not return in some case; counts as stillborn
              not applicable   the witness has nothing to check
    examiner, case, gradient, ratio   where it was killed, and how many times the allowance the distance is
    reason    why, in words
    """

    by: By
    verdict: Verdict
    examiner: str = ""
    case: str = ""
    gradient: str = ""
    ratio: float = 0.0
    reason: str = ""


def outcome_of(mutant: Mutant, by: By, checks: Callable[[str, str], Iterator[Callable[[], Any]]]) -> Outcome:
    """The outcome of the first check that kills; survived where none does."""
    seen = False
    for name in mutant.examiners:
        for case in cases(name):
            for check in checks(name, case.id):
                seen = True
                found = _examined(mutant, by, check, name, case.id)
                if found is not None:
                    return found
    return Outcome(by, "survived") if seen else Outcome(by, "not applicable", reason="a difference is on record in every cell")


def _examined(mutant: Mutant, by: By, check: Callable[[], Any], name: str, case_id: str) -> Outcome | None:
    where = (name, case_id)
    try:
        with mutant.plant(), np.errstate(all="ignore"), at_most(SECONDS_PER_CASE):
            check()
    except Disagreement as found:
        return Outcome(by, "killed", *where, found.gradient, min(float(found.ratio), 1e300), found.reason)
    except TooLong as found:
        return Outcome(by, "too slow", *where, reason=str(found))
    except (Vacuous, Unstable) as found:
        return Outcome(by, "refused", *where, reason=line(found))
    except Exception as found:  # the mutated code may raise anything
        lost = isinstance(found, TypeError) and "subclass" in str(found)
        return Outcome(by, "refused" if lost else "raised", *where, reason=line(found))
    return None
