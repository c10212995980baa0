"""Windows that slide over the spatial axes of x (N, C, *spatial), for pooling and convolution.

Along an axis of length L, element k of window o is

    i = o * stride + k * dilation - padding              O = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1

The elements under one place k of the kernel, a *tap*, in all windows are a strided slice of x. A loop over the K taps therefore
works on all windows at once, and copies nothing. Where a tap lies on the padding, the slices leave out the window: padding is
never stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from types import EllipsisType
from typing import Any

import numpy as np

from ..case import Array, invalid
from ..domain import Pick

Size = int | tuple[int, ...]
Sizes = tuple[int, ...]
Index = tuple[EllipsisType | slice, ...]


@dataclass(frozen=True)
class Windows:
    """The positions of windows.

    outputs   how many there are along each axis
    taps      for each place of the kernel, in row-major order, the windows that have an element of x there, and these
              elements: two indices, of an array with one element for each window and of x
    """

    outputs: tuple[int, ...]
    taps: tuple[tuple[Index, Index], ...]

    def full(self, x: Array, value: float) -> Array:
        """An array of values with one element for each window over x: (N, C, *outputs)."""
        return np.full_like(x, value, shape=(*x.shape[:2], *self.outputs))

    def held(self) -> Array:
        """The number of elements of x in each window; integers (*outputs)."""
        counts = np.zeros(self.outputs, dtype=int)
        for windows, _ in self.taps:
            counts[windows] += 1
        return counts


def slide(
    op: str, x: Array, axes: int, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1
) -> Windows:
    """The windows over x, which has so many spatial axes. A size is an integer for all axes, or a tuple of one for each.

    Without a stride the windows lie side by side.

    Raises ValueError if x has other axes, if a size is invalid, if the kernel is larger than the padded axis, or if a window lies
    wholly on padding.
    """
    if x.ndim != 2 + axes:
        raise invalid(op, "x", f"of shape {x.shape}", "(N, C, L)" if axes == 1 else "(N, C, H, W)")
    kernels = per_axis(op, "kernel_size", kernel_size, axes)
    strides = kernels if stride is None else per_axis(op, "stride", stride, axes)
    paddings = per_axis(op, "padding", padding, axes, least=0)
    dilations = per_axis(op, "dilation", dilation, axes)
    for length, kernel, step, pad, gap in zip(x.shape[2:], kernels, strides, paddings, dilations, strict=True):
        reach, padded = gap * (kernel - 1) + 1, length + 2 * pad
        if not reach <= padded:
            raise invalid(op, "kernel_size", f"{kernel} and reaches over {reach}", f"at most {padded}, x and its padding")
        count = (padded - reach) // step + 1
        held = (_tap(length, count, step, k * gap - pad)[0] for k in range(kernel))
        empty = set(range(count)).difference(*(range(count)[windows] for windows in held))
        if empty:
            raise invalid(op, "padding", pad, f"less: it leaves window {min(empty, default=None)} without an element of x")
    return lay(x.shape[2:], kernels, strides, paddings, dilations)


def lay(lengths: Sizes, kernels: Sizes, strides: Sizes, paddings: Sizes, dilations: Sizes) -> Windows:
    """The windows over axes of these lengths. Every argument has an integer for each axis. The fit is not checked."""
    outputs, taps = [], []
    for length, kernel, step, pad, gap in zip(lengths, kernels, strides, paddings, dilations, strict=True):
        count = (length + 2 * pad - gap * (kernel - 1) - 1) // step + 1
        outputs.append(count)
        taps.append([_tap(length, count, step, k * gap - pad) for k in range(kernel)])
    return Windows(tuple(outputs), tuple(_joined(taps)))


def per_axis(op: str, argument: str, value: object, axes: int, *, least: int = 1) -> tuple[int, ...]:
    """One integer for each axis, from a tuple or one for all. Raises ValueError for anything else."""
    values: tuple[Any, ...] = value if isinstance(value, tuple) else (value,) * axes
    fit = len(values) == axes and all(isinstance(v, (int, np.integer)) and v >= least for v in values)
    if not fit:
        raise invalid(op, argument, repr(value), f"an integer of at least {least}" + (f", or {axes} of them" if axes > 1 else ""))
    return values


def _tap(length: int, count: int, step: int, offset: int) -> tuple[slice, slice]:
    """The windows, of count, whose element offset + o * step lies within [0, length), and these elements."""
    first = max(0, -(offset // step))
    last = max(first, min(count, (length - 1 - offset) // step + 1))
    start = first * step + offset
    return slice(first, last), slice(start, start + (last - first) * step, step)


def _joined(taps: list[list[tuple[slice, slice]]]) -> Iterator[tuple[Index, Index]]:
    for places in product(*taps):
        windows, elements = zip(*places, strict=True)
        yield (..., *windows), (..., *elements)


def fitting(
    pick: Pick, axes: int, *, onto_padding: bool = False, most: int = 3, padded: bool = True, dilated: bool = True
) -> tuple[Sizes, Sizes, dict[str, Size]]:
    """For domains: lengths of axes, and kernel, stride, padding and dilation of windows that fit them and read from them.

    onto_padding   some may lie wholly on padding; otherwise it is at most half the kernel, as PyTorch requires for pooling
    most           the longest kernel along an axis
    padded, dilated   whether there is padding and dilation at all
    """
    axis = []
    for _ in range(axes):
        kernel, step, gap = pick.size(1, most), pick.size(1, 3), pick.size(1, 1 + dilated)
        pad = pick.size(0, 2 if onto_padding else kernel // 2 * padded)
        reach = gap * (kernel - 1) + 1
        # The first window has an element of x, or, where it lies before x, a later one does not step over x.
        least = max(1, reach - 2 * pad, min(gap, reach), step if pad >= reach else 1)
        axis.append((pick.size(least, least + (2 if axes == 1 else 1)), kernel, step, pad, gap))
    lengths, kernels, *others = zip(*axis, strict=True)
    options = zip(("stride", "padding", "dilation"), others, (True, padded, dilated), strict=True)
    return lengths, kernels, {name: spelled(pick, value) for name, value, there_is in options if there_is}


def spelled(pick: Pick, sizes: Sizes) -> Size:
    """For domains: a tuple of an integer for each axis, or one integer for all if they are the same."""
    return sizes[0] if len(set(sizes)) == 1 and pick.one_of(True, False) else sizes


def pooled(pick: Pick, axes: int, *, padded: bool = True, dilated: bool = True) -> tuple[Sizes, dict[str, Any]]:
    """For domains: a shape (N, C, *lengths), and the keyword arguments of pooling."""
    lengths, kernel, windows = fitting(pick, axes, padded=padded, dilated=dilated)
    options = {"kernel_size": spelled(pick, kernel), **windows, "stride": pick.one_of(windows["stride"], None)}
    return (pick.size(1, 2), pick.size(1, 2), *lengths), options
