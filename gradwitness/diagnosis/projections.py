"""Statistics held constant, or weighed wrongly: means, variances, norms and the sum in a softmax depend on the input as well.

Behind each of these the right gradient is what came, with its mean, or its part along a direction, taken out:

    mean and variance   g - mean(g) - xhat * mean(g * xhat)        batch, group, layer, instance norm
    norm                g - u * sum(g * u)                         unit vectors; rms norm with xhat
    softmax             p * (d - sum(p * d))                       where g = p * d
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.groupings import epsilons, groupings


def statistics(case: Case) -> Iterator[Repair]:
    """Mean and variance, along any axes."""
    if not case.fits or case.array.ndim == 0:
        return
    for shape, axes, words in groupings(case):
        x, g = case.array.reshape(shape).astype(np.longdouble), case.claimed.reshape(shape)
        if np.prod([shape[a] for a in axes]) < 2:
            continue
        for eps in epsilons(case):
            for centred in (True, False):
                yield from _one(case, x, g, axes, eps, centred, words)


def _one(case: Case, x: Array, g: Array, axes: tuple[int, ...], eps: float, centred: bool, words: str) -> Iterator[Repair]:
    def mean(a: Array) -> Array:
        return np.asarray(a.mean(axis=axes, keepdims=True))

    middle = x - mean(x) if centred else x
    size = np.sqrt(mean(middle * middle) + eps)
    if not (size > 0).all():
        return
    xhat = middle / size
    ones, along = np.broadcast_to(mean(g), g.shape), xhat * mean(g * xhat)
    spread = "variance" if centred else "mean square (the norm)"
    terms = [(ones, "mean")] if centred else []
    terms.append((along, spread))
    shape = case.array.shape
    held = "is held constant, or its gradient is wrong: with it put right all agrees"
    if centred:
        both = "mean and variance are held constant, or their gradients are wrong: with them put right all agrees"
        yield Repair((g - ones - along).reshape(shape), "statistics", f"The {both} ({words})")
        yield Repair((g - ones).reshape(shape), "statistics", f"The mean {held} ({words})")
    yield Repair((g - along).reshape(shape), "statistics", f"The {spread} {held} ({words})")
    several = np.prod([n for a, n in enumerate(g.shape) if a not in axes]) > 1 and np.prod([g.shape[a] for a in axes]) > 2
    numbers = _least_squares(case, [term.reshape(shape) for term, _ in terms]) if several else None
    if numbers is not None:
        repaired = g + sum((c * term for c, (term, _) in zip(numbers, terms, strict=True)), np.zeros_like(g))
        wrong = " and ".join(name for c, (_, name) in zip(numbers, terms, strict=True) if abs(c) > 1e-8)
        yield Repair(
            repaired.reshape(shape),
            "statistics",
            f"The gradient through the {wrong or spread} has the wrong factor ({words})",
            len(terms),
        )


def diagonal(case: Case) -> Iterator[Repair]:
    """The diagonal of the Jacobian of a softmax in place of the whole."""
    for axis, p in _softmaxes(case):
        d = case.claimed / (p * (1 - p))
        words = (
            f"It is the diagonal of the Jacobian of a softmax along axis {axis}, p * (1 - p). With p * (d - sum(p * d)) it agrees"
        )
        yield Repair(p * (d - (p * d).sum(axis=axis, keepdims=True)), "diagonal", words)


def norms(case: Case) -> Iterator[Repair]:
    """What came, with its part along softmax(x), or along x, put right: behind both the right gradient has a known part there."""
    x, g = case.array.astype(np.longdouble), case.claimed
    for axis, p in _softmaxes(case):
        words = f"Along axis {axis} it lacks a multiple of p = softmax: the term with p is missing, or has a wrong factor"
        yield Repair(g - p * g.sum(axis=axis, keepdims=True), "term", words)
        length = np.sqrt((x * x).sum(axis=axis, keepdims=True))
        if (length > 0).all():
            u = x / length
            words = f"The gradient through the length along axis {axis} is missing or wrong: with it put right all agrees"
            along = u * (g * u).sum(axis=axis, keepdims=True)
            yield Repair(g - along, "statistics", words)
            words = f"The gradient through the division by the length along axis {axis} is left out: with it all agrees"
            yield Repair((g - along) / length, "statistics", words)


def _softmaxes(case: Case) -> Iterator[tuple[int, Array]]:
    x = case.array.astype(np.longdouble)
    for axis in range(x.ndim) if case.fits else ():
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        yield axis, e / e.sum(axis=axis, keepdims=True)


def _least_squares(case: Case, terms: list[Array]) -> Array | None:
    """The numbers c for which came + sum(c * terms) agrees best along what was measured."""
    if len(case.measurements) <= len(terms):
        return None
    weights = np.array([1 / max(one.bar, 1e-300) for one in case.measurements])
    table = np.array([[float((one.direction * term).sum()) for term in terms] for one in case.measurements])
    wanted = np.array([float(one.excess) for one in case.measurements])
    if not (np.isfinite(table).all() and np.isfinite(weights).all()):
        return None
    found = np.linalg.lstsq(table * weights[:, None], wanted * weights, rcond=None)[0]
    return np.array([round(c) if abs(c - round(c)) < 1e-7 else c for c in found])
