"""Is a mutant a wrong gradient at all? A mistake in a forward often makes another function, of which backward is the right
derivative: what backward needs is handed over by forward, mistake and all. out is wrong then, and no gradient.

The oracle is not asked about such a mutant; frameworks are. The check is another one than the oracle's: plain central
differences, along random directions in all arguments at once, with fresh cotangents, at the inputs of every case and at
further ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.oracle import BLIND
from gradwitness.subjects.pair import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import Disagreement, judge_within
from trust.corpus.baseline import cases, drawn, equal
from trust.corpus.mutant import Mutant

STEPS = [np.longdouble(2) ** -power for power in (14, 20, 26)]
"""The first that no kink is too near for."""
ROUNDINGS = 2**10
"""Of a value of the function, which a difference quotient divides by its step."""


_blind: dict[tuple[Any, ...], bool] = {}
BLIND_HERE = "a kink is too near, or the gradient too small, to say"


def another_function(mutant: Mutant, *, as_far_as_seen: bool = False) -> str:
    """Empty where the mutated backward is, by central differences, the derivative of the mutated forward, and out is another.

    as_far_as_seen   to pass over inputs at which plain differences see nothing, such as those beside a kink or a pole: for a
                     mutant that the oracle, which sees more, has found nothing wrong with in any case
    """
    differs = seen = False
    for name in mutant.examiners:
        for case in cases(name):
            if case.kink:
                continue
            for further, subject in enumerate(drawn(name, case)):
                right = list(leaves(_out(subject)))
                with mutant.plant():
                    there = mutant.on(subject)
                    differs = differs or not equal(right, list(leaves(_out(there))))
                    told = _wrong_derivative(there, further, bool(case.zero))
                if told == BLIND_HERE and (as_far_as_seen or _blind_to_the_right_one(subject, further)):
                    continue
                seen = True
                if told:
                    return f"{name} / {case.id}: {told}"
    if not seen:
        return "nothing is seen at any input"
    return "" if differs else "out is that of the right code"


def _blind_to_the_right_one(subject: Subject, number: int) -> bool:
    """Whether these inputs show nothing of the right code either: a logit of -inf, say."""
    key = (subject.forward, subject.seed, number)
    if key not in _blind:
        _blind[key] = _wrong_derivative(subject, number, zero=False) == BLIND_HERE
    return _blind[key]


def _out(subject: Subject) -> Any:
    with np.errstate(all="ignore"):
        return subject.forward(*subject.inputs, **subject.static)[0]


def _wrong_derivative(subject: Subject, number: int, zero: bool) -> str:
    """Empty where the vjp agrees with central differences along two random directions, in longdouble; else how it does not.

    zero   whether some gradient is zero here, so that an estimate may prove nothing
    """
    rng = np.random.default_rng((subject.seed, 3, number))
    wide = floats_to(np.longdouble)
    inputs, static = tree_map(wide, subject.inputs), tree_map(wide, subject.static)
    cotangent = tree_map(lambda d: rng.normal(size=d.shape).astype(np.longdouble) * (d != 0), subject.cotangent)  # 0: detached
    with np.errstate(all="ignore"):
        out, cache = subject.forward(*inputs, **static)
        gradient = subject.align(subject.backward(cotangent, cache))

    def value(t: np.longdouble, directions: list[Array]) -> np.longdouble:
        left = iter(directions)
        with np.errstate(all="ignore"):
            moved, _ = subject.forward(*tree_map(lambda a: a + t * next(left), inputs), **static)
        return np.sum([(d * o).sum() for d, o in zip(leaves(cotangent), leaves(moved), strict=True)])

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
