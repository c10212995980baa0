"""Where a forward jumps: one element of an input, and what an output is on both sides of it."""

from __future__ import annotations

import math

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.point import Point
from gradwitness.report.findings import element

STEP = 2.0**-30
"""Of an element's own size: both sides are shown from so near."""
LAST = 64.0
"""Units of the dtype's eps: the least step, for a function that runs in a coarse dtype."""
DIGITS = 5
"""Of the height of the jump, after the first: so many are shown."""
SHORTER = 8.0
"""A smooth change falls by that where the step does. A jump stays."""


def jump(point: Point, which: int) -> str:
    """The jump along an element of an array in words; empty where no element jumps alone.

    A few evaluations for each factor of two of the array's size: the half is followed in which an output changes most.
    """
    step = max(STEP, LAST * point.function.eps)
    numbers = np.flatnonzero(point.scales[which])
    signs = np.random.default_rng((point.seed, 14)).choice([-1.0, 1.0], size=point.scales[which].shape)
    while len(numbers) > 1:
        halves = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
        heights = [float(np.max(_height(point, which, half, signs, step))) for half in halves]
        numbers = halves[int(heights[1] > heights[0])]
    signs = np.ones_like(signs)
    if not len(numbers):
        return ""
    longer, last = [_height(point, which, numbers, signs, each) for each in (step, step / SHORTER)]
    stays = np.where(last > longer / 2, last, 0)
    if not stays.any():
        return ""
    out = int(np.argmax(stays))
    values = [side[out] for side in (point.flat, *_sides(point, which, numbers, signs, step))]
    digits = DIGITS - math.floor(math.log10(float(stays[out])))  # what a step of this size adds is not shown
    there, below, above = [f"{round(float(value), digits) + 0.0:.15g}" for value in values]
    index = np.unravel_index(int(numbers[0]), point.scales[which].shape)
    name = element(point.function.leaves[which].name, tuple(int(i) for i in index))
    return f"Forward jumps at {name}: {_output(point, out)} is {below} below it, {there} there and {above} above it"


def _sides(point: Point, which: int, numbers: Array, signs: Array, step: float) -> list[Array]:
    """The outputs below and above, where some elements of an array move."""
    parts = [np.zeros_like(scale) for scale in point.scales]
    parts[which].flat[numbers] = (signs * point.scales[which]).flat[numbers]
    return [point.at(point.moved(t, parts)) for t in (-step, step)]


def _height(point: Point, which: int, numbers: Array, signs: Array, step: float) -> Array:
    """By how much each output changes at most; 0 where it is not finite."""
    with np.errstate(invalid="ignore"):
        changes = [np.abs(side - point.flat) for side in _sides(point, which, numbers, signs, step)]
    return np.asarray(np.nan_to_num(np.maximum(*changes), nan=0.0, posinf=0.0))


def _output(point: Point, number: int) -> str:
    """The name of an output in the row of all."""
    for name, out in zip(point.out_names, point.outs, strict=True):
        if number < out.size:
            return element(name, tuple(int(i) for i in np.unravel_index(number, out.shape)))
        number -= out.size
    raise IndexError(number)
