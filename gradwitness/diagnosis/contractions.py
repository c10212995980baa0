"""Sums of the cotangent times a known quantity, and matrix products of both: what gradients of weights and biases are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.forms import FORMS
from gradwitness.diagnosis.quantities import LARGEST, Quantity, arrays, broadcasting, distinct, subsets

PLAIN = ("{}", "{}**2", "(1 - {})", "(1 - {}**2)", "{} * (1 - {})")
"""Forms of quantities that are summed against the cotangent."""
CONTRACTIONS = 150


def summed(known: Mapping[str, Array], douts: Mapping[str, Array], shape: tuple[int, ...]) -> list[Quantity]:
    """Sums over axes of the cotangent times a known quantity, and matrix products of both, that broadcast to a shape."""
    with np.errstate(all="ignore"):
        return distinct(_contracted(known, douts, shape), shape, CONTRACTIONS)


def _contracted(known: Mapping[str, Array], douts: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[Quantity]:
    for name, dout in douts.items():
        if not 1 <= dout.ndim <= 4 or dout.size > LARGEST:
            continue
        d = dout.astype(np.longdouble)
        others = {n: a for n, a in known.items() if n not in douts}
        factors = [Quantity("", np.ones(())), *arrays(others, dout.shape)[:30]]
        for factor in factors:
            for form in PLAIN if factor.words else ("{}",):
                whole = d * FORMS[form](factor.values)
                words = f"{name} * {form.replace('{}', factor.words)}" if factor.words else name
                for axes in subsets(dout.ndim):
                    total = Quantity(f"({words}).sum(axis={axes[0] if len(axes) == 1 else axes})", whole.sum(axis=axes))
                    kept = Quantity(total.words, whole.sum(axis=axes, keepdims=True))
                    yield from broadcasting(kept if dout.shape == shape else total, shape)
        for other, array in others.items():
            if dout.ndim == array.ndim == 2 and array.dtype.kind == "f":
                yield from _matrix_products(Quantity(name, d), Quantity(other, array), shape)


def _matrix_products(one: Quantity, other: Quantity, shape: tuple[int, ...]) -> Iterator[Quantity]:
    """Products of two matrices, either transposed, in either order, that have the shape."""
    both = [[(q.values, q.words), (q.values.T, f"{q.words}.T")] for q in (one, other)]
    for (a, left), (b, right) in [*product(*both), *product(*reversed(both))]:
        if a.shape[1] == b.shape[0] and (a.shape[0], b.shape[1]) == shape:
            yield Quantity(f"({left} @ {right})", a @ b)
