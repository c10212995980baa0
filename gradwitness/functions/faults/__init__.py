"""Faults that values at one point do not show: what a call leaves behind, what it assumes, what it overlooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial

from gradwitness.functions.at import At
from gradwitness.functions.faults.again import another, repeated, second
from gradwitness.functions.faults.cotangents import linear, zeros
from gradwitness.functions.faults.memory import overwritten
from gradwitness.functions.faults.subsets import inputs_alone, outputs_alone
from gradwitness.report.findings import Finding


def faults(at: At, repeats: int) -> Iterator[Finding]:
    """All of them."""
    for probe in (overwritten, second, another, linear, zeros, outputs_alone, inputs_alone, partial(repeated, repeats=repeats)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a call that is not the user's own: that was the first one
            found = list(probe(at))
        yield from found
