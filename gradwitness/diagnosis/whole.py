"""Mistakes of the whole array: a constant factor, the sign, the shape, the order of axes, another gradient in its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import among, simple, told

ALONE = 4
"""A single number is told as a ratio of numbers up to this: some ratio of larger ones would fit by chance."""


def constant_factor(case: Case) -> Iterator[Repair]:
    """The gradient is a constant times the right one."""
    if not case.fits:
        return
    number = fitted(case, case.claimed)
    if number is None:
        return
    ratio = 1 + number  # truth / came
    if abs(ratio) < 1e-9:
        return
    words, known = factor_words(case, ratio)
    exact = -1.0 if known and abs(ratio + 1) < 1e-6 else ratio
    kind = "sign" if exact == -1.0 else "constant factor"
    yield Repair(case.claimed * exact, kind, words, 0 if known else 1, tries=1)  # nothing was tried before it


def factor_words(case: Case, ratio: float) -> tuple[str, bool]:
    """What truth / came says, and whether the number is one that people get wrong by."""
    if abs(ratio + 1) < 1e-6:
        return f"The sign is wrong: -{case.name} agrees", True
    came = 1 / ratio
    sign = "minus " if came < 0 else ""
    near = simple(abs(came))
    if near and (case.array.size > 1 or max(near.numerator, near.denominator) <= ALONE):
        spelled = {"2": "twice", "1/2": "half of"}.get(str(near), f"{near} times")
        words = f"It is {sign}{spelled} what is right"
        meaning = among(abs(came), case.numbers)
        return (f"{words}: {meaning}{_mean_or_sum(meaning)}" if meaning else words), True
    if meaning := among(abs(came), case.numbers):
        return f"It is {sign}{told(abs(came))} times what is right: {meaning}{_mean_or_sum(meaning)}", True
    return f"It is {sign}{told(abs(came))} times what is right, in every element", False


def _mean_or_sum(meaning: str) -> str:
    if " number " not in meaning and " product " not in meaning and " length " not in meaning:
        return ""
    value = meaning.partition(",")[0]
    if "sqrt" in value:
        return ""
    if value.startswith("1/"):
        return ". A mean is taken where a sum is right"
    return (
        ". Forward takes a mean, and the gradient is that of a sum"
        if "/" not in value
        else ", as where a mean is taken over one too many or too few"
    )


def fitted(case: Case, term: Array, start: Array | None = None) -> float | None:
    """The number c for which start + c * term agrees best along what was measured; None if the term is zero there.

    start   what came, if not given
    """
    lacking = np.zeros(()) if start is None else case.claimed - start
    predicted, wanted, bars = [], [], []
    for one in case.measurements:
        steps = np.asarray(one.direction, np.longdouble)
        predicted.append(float((steps * term).sum()))
        wanted.append(float(one.excess + (steps * lacking).sum()))
        bars.append(max(one.bar, 1e-300))
    sharp = np.abs(predicted) / np.array(bars)
    if not sharp.size or not np.isfinite(sharp).all() or sharp.max() == 0:
        return None
    best = int(sharp.argmax())
    return wanted[best] / predicted[best]


def exchanged(case: Case) -> Iterator[Repair]:
    """Another gradient stands in its place."""
    for name, (value, _) in case.others.items():
        if value.shape == case.array.shape:
            yield Repair(
                np.asarray(value, np.longdouble),
                "exchanged",
                f"Two gradients are exchanged: {name} is right here",
            )


def axes(case: Case) -> Iterator[Repair]:
    """Axes in another order, reversed, or shifted by one."""
    came = np.asarray(case.came, np.longdouble)
    for order in permutations(range(came.ndim)) if came.ndim <= 4 else ():
        turned = came.transpose(order)
        if turned.shape == case.array.shape and order != tuple(range(came.ndim)):
            axes_ = "transposed" if came.ndim == 2 else f"with its axes in the order {order}"
            yield Repair(
                turned, "transposed", f"It is right {axes_}: {case.name}.{'T' if came.ndim == 2 else f'transpose{order}'} agrees"
            )
    if came.shape != case.array.shape:
        if came.size == case.array.size:
            yield Repair(came.reshape(case.array.shape), "shape", f"It agrees once it is reshaped to {case.array.shape}")
            yield Repair(
                came.reshape(case.array.shape, order="F"),
                "transposed",
                f"It agrees once it is reshaped to {case.array.shape} column by column",
            )
        return
    for axis in range(came.ndim):
        yield Repair(np.flip(came, axis), "shifted", f"It is right in reverse order along axis {axis}")
        for by in (1, -1):
            yield Repair(np.roll(came, by, axis), "shifted", f"It is right, but shifted by {-by} along axis {axis}")
            moved = np.roll(came, by, axis)
            edge = [slice(None)] * came.ndim
            edge[axis] = slice(0, 1) if by == 1 else slice(-1, None)
            moved[tuple(edge)] = 0
            yield Repair(moved, "shifted", f"It is right, but shifted by {-by} along axis {axis}")
    yield from _heads(came)
    if came.ndim == 2 and len(came) != came.shape[1]:
        yield Repair(came.T.reshape(came.shape), "transposed", "Its numbers are right, in the order of the transposed array")


def _heads(came: Array) -> Iterator[Repair]:
    """Heads that are laid side by side in the wrong order: (heads, N, width) or (N, heads, width) read as (N, columns)."""
    rows, columns = came.shape if came.ndim == 2 else (0, 0)
    for heads in (n for n in range(2, columns) if columns % n == 0):
        for shape, order in (((heads, rows, -1), "heads first"), ((rows, heads, -1), "rows first")):
            turned = came.reshape(shape).swapaxes(0, 1).reshape(came.shape)
            words = (
                f"It agrees once its {heads} blocks are put in order: it was reshaped with the {order}. "
                f"reshape{shape}.swapaxes(0, 1).reshape{came.shape} of it agrees"
            )
            yield Repair(turned, "transposed", words)


def sums(case: Case) -> Iterator[Repair]:
    """A sum over an axis is missing, or one too many."""
    came, shape = np.asarray(case.came, np.longdouble), case.array.shape
    if came.shape != shape:
        for count in range(1, came.ndim + 1):
            for axes_ in combinations(range(came.ndim), count):
                total = came.sum(axis=axes_)
                which = f"axis {axes_[0]}" if count == 1 else f"axes {', '.join(map(str, axes_))}"
                if total.size == case.array.size:
                    words = f"It agrees once it is summed over {which}, along which forward broadcasts"
                    if total.size == came.size:
                        words = f"It agrees once {which}, of length 1, is taken off: of keepdims, or of a comma too many"
                    yield Repair(total.reshape(shape), "missing sum", words)
        if came.ndim <= len(shape) and all(i in (1, o) for i, o in zip(came.shape[::-1], shape[::-1], strict=False)):
            yield Repair(
                np.broadcast_to(came, shape).astype(np.longdouble),
                "extra sum",
                "It agrees once it is broadcast to the shape of the input",
            )
        return
    for axis in range(came.ndim):
        if came.shape[axis] > 1:
            total = np.broadcast_to(came.sum(axis=axis, keepdims=True), shape)
            yield Repair(
                total.copy(), "missing sum", f"Summed over axis {axis} (and repeated along it) it agrees: a sum is missing"
            )
            yield Repair(total / came.shape[axis], "missing sum", f"Its mean over axis {axis} (repeated along it) agrees")
