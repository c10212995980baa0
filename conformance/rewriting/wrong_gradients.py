"""Is a mutant a wrong gradient and nothing else? Rules about gradients can be asked about such a mutant, and no other.

On the generic case of its op, out is the same bit for bit, and a gradient in longdouble is further from the right one than
rounding explains. Such an error may be 2,000 times smaller than any rule could see in float64. No rule takes part in this
decision.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from conformance.rewriting.mutant import Mutant
from conformance.run import subject as at_case
from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.arithmetic import Measured, measure
from gradwitness.subjects.pair import Subject
from gradwitness.verdict import Disagreement, judge
from reference import OPS


def at_mutant(mutant: Mutant) -> Subject:
    """The generic case of a mutant's op, with its backward spoiled if that is the mistake. Other mistakes are planted later."""
    op = OPS[mutant.examiners[0]]
    whole = at_case(op, op.cases[0])
    backward = mutant.spoil(op.backward) if mutant.spoil else op.backward
    right(op.name)  # this and the cotangent are computed before the mistake is planted
    return replace(whole, backward=backward, dout=whole.cotangent)


def what_it_is(mutant: Mutant, subject: Subject) -> str:
    """The state of a mutant on the generic case.

    live               a gradient is wrong, and out is right
    stillborn          it raises, or returns shapes that any framework refuses
    another function   out is wrong
    right here         it shows nothing
    """
    wanted = right(mutant.examiners[0])
    outs = len(wanted) - len(subject.gradients)
    try:
        with np.errstate(all="ignore"):
            got = [np.asarray(a) for a in subject.run(lambda a: a.astype(np.longdouble), np.longdouble)]
    except Exception:  # a mutant may raise anything
        return "stillborn"
    if [g.shape for g in got] != [r.truth.shape for r in wanted]:
        return "stillborn"
    if not all(np.array_equal(g, r.truth) for g, r in zip(got[:outs], wanted[:outs], strict=True)):
        return "another function"
    try:
        for name, actual, expected in zip(subject.gradients, got[outs:], wanted[outs:], strict=True):
            judge(name, actual, expected, np.longdouble)
    except Disagreement:
        return "live"
    return "right here"


@cache
def right(name: str) -> list[Measured]:
    """Truth and spread, for longdouble, of what an op returns on its generic case."""
    at = at_case(OPS[name], OPS[name].cases[0])
    finer = unit_roundoff(np.longdouble) / unit_roundoff(np.float64)
    found = measure(lambda lift: at.run(lift, np.longdouble), np.float64, seed=at.seed)
    return [Measured(m.truth, m.spread * finer) for m in found]


def attached(subject: Subject) -> tuple[Any, Any]:
    """forward and backward without the outs that are never differentiated."""
    if not subject.detached:
        return subject.forward, subject.backward
    spared = set(subject.detached)

    def forward(*inputs: Any, **static: Any) -> tuple[Any, Any]:
        out, cache = subject.forward(*inputs, **static)
        return tuple(o for i, o in enumerate(out) if i not in spared), (cache, out)

    def backward(dout: Any, kept: Any) -> Any:
        cache, out = kept
        given = iter(dout)
        return subject.backward(tuple(np.zeros_like(o) if i in spared else next(given) for i, o in enumerate(out)), cache)

    return forward, backward
