"""The gradient of each row of a batch alone.

A gradient of a weight or a bias is a sum over the batch, and in a sum no single factor can be seen. With the cotangent of one row
alone it is no sum. The numerical derivatives of all rows come from the same evaluations: forward returns them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Measurement
from gradwitness.judging.black_box import BlackBox

ROWS = 8
ELEMENTS = 12
ROUNDING = 32 * float(np.finfo(np.float64).eps)
STEP = 1e-3
"""Of an element's own size: two quotients are exact to about 1e-12 there in float64, 1e-14 in longdouble."""


def by_row(box: BlackBox, which: int, case: Case) -> Iterator[Case]:
    """The cases of the gradients of the rows, stacked: one case for each array that forward returns."""
    point = box.point
    counts = {dout.shape[0] if dout.ndim else 0 for dout in point.douts}
    if len(counts) != 1 or not 2 <= (count := counts.pop()) <= ROWS or not case.fits:
        return
    indices = [*case.elements][:ELEMENTS]
    slopes = {index: slopes_of(box, which, index) for index in indices}
    first = 0
    for out, (name, dout) in enumerate(case.douts.items()):
        part = slice(first, first + dout.size)
        first += dout.size
        came = [case.again([_only(d, row) if i == out else 0 * d for i, d in enumerate(point.douts)]) for row in range(count)]
        if any(one is None or one.shape != case.array.shape or not np.isfinite(one).all() for one in came):
            continue
        claimed = np.stack([np.asarray(one, np.longdouble) for one in came])
        measured = []
        for index, (values, bars) in slopes.items():
            there = np.array([one[index] for one in claimed])
            excess = values[part].reshape(count, -1).sum(axis=1) - there
            rooms = np.sqrt((bars[part].reshape(count, -1) ** 2).sum(axis=1)) + ROUNDING * np.abs(there)
            for row in range(count):
                direction = np.zeros(claimed.shape)
                direction[(row, *index)] = 1
                measured.append(Measurement(direction, float(excess[row]), float(rooms[row]), (row, *index)))
        array = np.broadcast_to(case.array, claimed.shape).copy()
        finer = replace(case, array=array, came=claimed, measurements=measured, douts={name: dout}, others={}, contracted=False)
        yield blocks(finer)


def slopes_of(box: BlackBox, which: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    """The derivative by one element of each output times its cotangent, and error bars; outputs in one row."""
    step = STEP * float(box.point.scales[which][index])

    def change(t: float) -> Array:
        direction = [np.zeros_like(array) for array in box.point.arrays]
        direction[which][index] = 1
        return (box.point.at(box.point.moved(t, direction)) - box.point.flat) * box.point.weights

    coarse = (change(step) - change(-step)) / (2 * step)
    fine = (change(step / 2) - change(-step / 2)) / step
    noise = np.abs(box.noise.each * box.point.weights) / step
    return fine + (fine - coarse) / 3, np.abs(fine - coarse) / 15 + 8 * noise


def along(box: BlackBox, which: int, direction: Array) -> dict[str, Array]:
    """The derivative of each out along a direction in one array, by the name of its cotangent."""
    point, parts = box.point, [np.zeros_like(array) for array in box.point.arrays]
    parts[which] = direction.astype(point.dtype)
    step = STEP * float(np.max(point.scales[which], initial=0)) / (float(np.max(np.abs(direction), initial=0)) or 1.0)
    coarse, fine = [(point.at(point.moved(h, parts)) - point.at(point.moved(-h, parts))) / (2 * h) for h in (step, step / 2)]
    rows = np.split((4 * fine - coarse) / 3, np.cumsum([out.size for out in point.outs])[:-1])
    return {
        name.replace("out", "dout", 1): row.reshape(out.shape)
        for name, row, out in zip(point.out_names, rows, point.outs, strict=True)
    }


def _only(dout: Array, row: int) -> Array:
    kept = np.zeros_like(dout)
    kept[row] = dout[row]
    return kept


def blocks(case: Case) -> Case:
    """Gates lie side by side on the last axis: an axis for the gates, if the last axis is a multiple of that of the cotangent."""
    if not case.array.ndim:
        return case
    widths = {dout.shape[-1] for dout in case.douts.values() if dout.ndim > 1}
    last = case.array.shape[-1]
    if len(widths) != 1 or case.array.ndim < 2:
        return case
    width = widths.pop()
    if last == width or width < 2 or last % width or last // width > 6:
        return case
    shape = (*case.array.shape[:-1], last // width, width)
    known = {}
    for name, array in case.known.items():
        known[name] = array
        if array.ndim and array.shape[-1] == last:
            known |= {f"{name}[..., {i}:{i + width}]": array[..., i : i + width] for i in range(0, last, width)}
    measured = [
        replace(
            one,
            direction=one.direction.reshape(shape),
            index=None if one.index is None else (*one.index[:-1], *divmod(one.index[-1], width)),
        )
        for one in case.measurements
    ]
    return replace(
        case, array=case.array.reshape(shape), came=case.came.reshape(shape), measurements=measured, known=known, others={}
    )
