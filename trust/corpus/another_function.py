"""Does a mutant change the function only, so that its gradient is still right?

A mistake in a forward often makes another function. backward gets what it needs from forward, and is then the right derivative
of that other function: out is wrong, and no gradient is.

The oracle is not asked about such a mutant; the frameworks are. The check differs from the oracle: plain central differences
along random directions in all arguments at once, with new cotangents, at the inputs of every case and at further ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.rewriting.mutant import Mutant
from gradwitness.arrays import Array
from gradwitness.derivative.oracle import BLIND
from gradwitness.subjects.pair import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import Disagreement, judge_within
from trust.corpus.baseline import cases, drawn, equal

STEPS = [np.longdouble(2) ** -power for power in (14, 20, 26)]
"""The first step without a kink within it is used."""
ROUNDINGS = 2**10
"""The rounding error of a function value that is allowed, in units of eps. A difference quotient divides it by its step."""


_blind: dict[tuple[Any, ...], bool] = {}
BLIND_HERE = "a kink is too near, or the gradient too small, to say"


def another_function(mutant: Mutant, *, as_far_as_seen: bool = False) -> str:
    """Empty where out differs from the right one, but the mutated backward is the derivative of the mutated forward, by central
    differences. Else the reason why not.

    as_far_as_seen   pass over inputs where plain differences see nothing, such as those beside a kink or a pole. Used for a
                     mutant about which the oracle, which sees more, found nothing wrong
    """
    differs = seen = False
    for name in mutant.examiners:
        for case in cases(name):
            if case.kink:
                continue
            for further, subject in enumerate(drawn(name, case)):
                right = list(leaves(_out(subject)))
                with mutant.plant():
                    mutated = mutant.on(subject)
                    differs = differs or not equal(right, list(leaves(_out(mutated))))
                    wrong = _wrong_derivative(mutated, further, bool(case.zero))
                if wrong == BLIND_HERE and (as_far_as_seen or _blind_to_the_right_one(subject, further)):
                    continue
                seen = True
                if wrong:
                    return f"{name} / {case.id}: {wrong}"
    if not seen:
        return "nothing is seen at any input"
    return "" if differs else "out is that of the right code"


def _blind_to_the_right_one(subject: Subject, number: int) -> bool:
    """Whether plain differences see nothing of the right code either at these inputs: a logit of -inf, for example."""
    key = (subject.forward, subject.seed, number)
    if key not in _blind:
        _blind[key] = _wrong_derivative(subject, number, zero=False) == BLIND_HERE
    return _blind[key]


def _out(subject: Subject) -> Any:
    with np.errstate(all="ignore"):
        return subject.forward(*subject.inputs, **subject.static)[0]


def _wrong_derivative(subject: Subject, number: int, zero: bool) -> str:
    """Empty where the vjp agrees with central differences along two random directions, in longdouble; else the difference.

    zero   some gradient is zero here, so that an estimate may prove nothing
    """
    rng = np.random.default_rng((subject.seed, 3, number))
    wide = floats_to(np.longdouble)
    inputs, static = tree_map(wide, subject.inputs), tree_map(wide, subject.static)
    cotangent = tree_map(
        lambda d: np.asarray(rng.normal(size=d.shape), np.longdouble) * (d != 0), subject.cotangent
    )  # 0: detached
    with np.errstate(all="ignore"):
        out, cache = subject.forward(*inputs, **static)
        gradient = subject.align(subject.backward(cotangent, cache))

    def value(t: np.longdouble, directions: list[Array]) -> np.longdouble:
        left = iter(directions)
        with np.errstate(all="ignore"):
            moved, _ = subject.forward(*tree_map(lambda a: a + t * next(left), inputs), **static)
        return np.longdouble(np.sum([(d * o).sum() for d, o in zip(leaves(cotangent), leaves(moved), strict=True)]))

    size = np.sum([np.abs(d * o).sum() for d, o in zip(leaves(cotangent), leaves(out), strict=True)])
    norm = np.sqrt(np.sum([(g * g).sum() for g in gradient]))
    for _ in range(2):
        directions = [rng.normal(size=a.shape).astype(np.float32).astype(np.longdouble) for a in leaves(inputs)]
        analytic = np.sum([(g * v).sum() for g, v in zip(gradient, directions, strict=True)])
        for step in STEPS:
            coarse, fine = ((value(h, directions) - value(-h, directions)) / (2 * h) for h in (step, step / 2))
            bar = abs(fine - coarse) + ROUNDINGS * np.finfo(np.longdouble).eps * size / step
            if bar <= BLIND * norm:
                break
        else:
            if not zero:
                return BLIND_HERE
        try:
            judge_within("vjp along a random direction", analytic, fine, bar)
        except Disagreement as found:
            return str(found).replace("\n", ";")
    return ""
