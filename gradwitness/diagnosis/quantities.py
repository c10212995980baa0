"""Quantities that a gradient may be wrong by: known arrays, what is made of them, and functions of both, with their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.shapes import to_shape

LARGEST = 20_000
"""Elements of an array of which further quantities are made."""
PARTS = 6
MANY = 160
"""Known quantities that are used at most."""


@dataclass(frozen=True)
class Quantity:
    """An array that broadcasts to the gradient's shape, and its name in a formula."""

    words: str
    values: Array


def arrays(known: Mapping[str, Array], shape: tuple[int, ...]) -> list[Quantity]:
    """Known arrays that broadcast to a shape, and what is made of them: differences, softmax, statistics along an axis."""
    with np.errstate(all="ignore"):
        return distinct(_made(known, shape), shape, MANY)


def distinct(quantities: Iterable[Quantity], shape: tuple[int, ...], most: int) -> list[Quantity]:
    """The first so many that differ from each other and are neither constant nor infinite, in a shape."""
    found: dict[bytes, Quantity] = {}
    for quantity in quantities:
        if len(found) == most:
            break
        if np.isfinite(quantity.values).all() and not _constant(quantity.values):
            full = np.broadcast_to(quantity.values, shape)
            found.setdefault(np.round(np.asarray(full, float), 12).tobytes(), Quantity(quantity.words, full))
    return list(found.values())


def _constant(values: Array) -> bool:
    return values.size == 0 or bool((values == values.ravel()[0]).all())


def _made(known: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[Quantity]:
    plain = [Quantity(name, a.astype(np.longdouble)) for name, a in known.items() if a.dtype.kind in "fiub" and a.ndim]
    plain = [quantity for quantity in plain if quantity.values.size <= LARGEST]
    for quantity in plain:
        yield from broadcasting(quantity, shape)
    yield from _blocks(plain, shape)
    for one in plain:
        for other in plain:
            if one.words < other.words and one.values.shape == other.values.shape:
                yield from broadcasting(Quantity(f"({one.words} - {other.words})", one.values - other.values), shape)
    yield from _one_hot(known, shape)
    eps = next((float(a.reshape(())) for name, a in known.items() if name.startswith("eps") and a.size == 1), 0.0)
    floats = [quantity for quantity in plain if known[quantity.words].dtype.kind == "f"]
    along = [(quantity, axes) for quantity in floats for axes in subsets(quantity.values.ndim)]
    for quantity, axes in sorted(along, key=lambda one: len(one[1]) > 1):  # one axis is the commonest
        for made in _along(quantity, axes, eps):
            yield from broadcasting(made, shape)


def _blocks(plain: list[Quantity], shape: tuple[int, ...]) -> Iterator[Quantity]:
    """Parts of what lies side by side on the last axis, such as gates: where that is a multiple of the shape's."""
    for quantity in plain:
        last, width = quantity.values.shape[-1], shape[-1] if shape else 1
        if width > 1 and last > width and last % width == 0 and last // width <= PARTS:
            for start in range(0, last, width):
                part = Quantity(f"{quantity.words}[..., {start}:{start + width}]", quantity.values[..., start : start + width])
                yield from broadcasting(part, shape)


def _one_hot(known: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[Quantity]:
    for name, a in known.items():
        if a.dtype.kind in "iu" and a.ndim == 1 and len(shape) == 2 and len(a) == shape[0] and 0 <= a.min() <= a.max() < shape[1]:
            yield Quantity(f"one_hot({name})", np.eye(shape[1], dtype=np.longdouble)[a])


def _along(quantity: Quantity, axes: tuple[int, ...], eps: float) -> Iterator[Quantity]:
    """Statistics along axes."""
    u, name, axis = quantity.values, quantity.words, str(axes[0] if len(axes) == 1 else axes)
    mean, square = u.mean(axis=axes, keepdims=True), (u * u).mean(axis=axes, keepdims=True)
    shifted = u - u.max(axis=axes, keepdims=True)
    std = np.sqrt(((u - mean) ** 2).mean(axis=axes, keepdims=True) + eps)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=axes, keepdims=True)
    behind = " + eps" if eps else ""
    yield Quantity(f"softmax({name}, axis={axis})", p)
    yield Quantity(f"log_softmax({name}, axis={axis})", np.log(p))
    yield Quantity(f"{name}.sum(axis={axis})", u.sum(axis=axes, keepdims=True))
    yield Quantity(f"norm({name}, axis={axis})", np.sqrt((u * u).sum(axis=axes, keepdims=True)))
    yield Quantity(f"({name} - {name}.mean(axis={axis}))", u - mean)
    yield Quantity(f"sqrt({name}.var(axis={axis}){behind})", std)
    yield Quantity(f"standardised({name}, axis={axis})", (u - mean) / std)
    yield Quantity(f"sqrt(({name}**2).mean(axis={axis}){behind})", np.sqrt(square + eps))


def broadcasting(quantity: Quantity, shape: tuple[int, ...]) -> Iterator[Quantity]:
    """The quantity in each way in which it broadcasts to a shape."""
    for values in to_shape(quantity.values, shape) if quantity.values.ndim <= len(shape) else ():
        yield Quantity(quantity.words, values)


def subsets(count: int) -> list[tuple[int, ...]]:
    """The sets of axes along which an array of so many may be summed: the smallest first."""
    return [axes for size in range(1, count + 1) for axes in combinations(range(count), size)]
