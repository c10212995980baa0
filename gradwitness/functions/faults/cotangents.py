"""Backward as a function of the cotangent: it is linear, and nothing comes of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond, cotangent
from gradwitness.functions.faults.memory import written_again
from gradwitness.report.findings import Finding, elements

NOT_LINEAR = "It is not linear in the cotangent"


def linear(at: At) -> Iterator[Finding]:
    """The gradient of -2 d is -2 times that of d, and that of d + e the sum of both."""
    first = at.call()
    scaled = at.pulled(first, [-2 * dout for dout in at.douts])
    handed = list(first.handed)
    if all(g is None or h is None or np.array_equal(g, h) for g, h in zip(at.gradients, scaled, strict=True)) and _any(
        at.gradients
    ):
        yield Finding("dout", "wrong", "Backward returns the same for another cotangent: it does not use it. Multiply by it")
        return
    halves = [None if g is None else g / -2 for g in scaled]
    others = [cotangent(at.rng, dout.shape) for dout in at.douts]
    other: list[Any] = at.pulled(at.call(), others)
    both: list[Any] = at.pulled(at.call(), [d + e for d, e in zip(at.douts, others, strict=True)])
    yield from written_again(at, first.active, handed, scaled)
    with np.errstate(invalid="ignore", over="ignore"):  # gradients may have inf
        sums = [None if g is None or h is None else h - g for g, h in zip(other, both, strict=True)]
    pulled = [np.abs(d) + np.abs(e) + np.abs(d + e) for d, e in zip(at.douts, others, strict=True)]  # each of them rounds
    for which, leaf in enumerate(at.subject.leaves):
        sizes = [np.abs(part[which]) for part in (other, both) if part[which] is not None]
        room = np.sqrt(2) * at.spreads[which] + at.eps * sum(sizes, np.zeros(()))
        exact = _same(halves[which], at.gradients[which])
        for law, found in (("of -2 d it is not -2 times that of d", halves), ("of d + e it is not the sum", sums)):
            own = at.gradients[which]
            wrong = beyond(found[which], own, room) & (True if own is None else np.isfinite(own))  # inf is its own sum
            wrong &= _apart(found[which], own) > at.negligible(which, pulled) / (np.sqrt(at.eps) if exact else 1)
            if wrong.any():
                yield Finding(
                    f"d{leaf.name}, linear in dout", "wrong", f"{NOT_LINEAR}: {law}",
                    **elements(wrong),
                )  # fmt: skip
                break


def _apart(one: Array | None, other: Array | None) -> Array:
    """How far two gradients are apart; a missing one is zero."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs((0 if one is None else one) - (np.zeros(()) if other is None else other)), nan=np.inf)


def _same(one: Array | None, other: Array | None) -> bool:
    """To the bit. Rounding scales with a factor of -2, whatever it is enlarged by on its way; hardly any other fault does."""
    return one is None if other is None else one is not None and np.array_equal(one, other, equal_nan=True)


def _any(gradients: Sequence[Array | None]) -> bool:
    return any(gradient is not None and gradient.any() for gradient in gradients)


def zeros(at: At) -> Iterator[Finding]:
    """A cotangent of zeros gives a gradient of zeros, where the gradient is finite at all."""
    found = at.pulled(at.call(), [np.zeros(dout.shape) for dout in at.douts])
    for leaf, gradient, usual in zip(at.subject.leaves, found, at.gradients, strict=True):
        if gradient is not None and usual is not None and gradient.any() and np.isfinite(usual).all():
            yield Finding(f"d{leaf.name}, zero cotangent", "wrong", "For a cotangent of zeros it is not zero")
