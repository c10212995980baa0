"""Arrays that ports read otherwise: logits as probabilities, channels in reverse, pairs as halves, a kernel turned round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradwitness.arrays import Array

CHANNELS = (3, 4)
"""Lengths of an axis of colours."""
BLOCKS = (4, 9, 16)
"""Pixels of a block that channels become."""


class Other(NamedTuple):
    """Arrays by name, in words, and what is done to what comes out."""

    words: str
    arrays: Mapping[str, Array]
    after: Callable[[Array], Array] | None = None


def of_inputs(inputs: Mapping[str, Array]) -> Iterator[Other]:
    """Inputs that a function may have been meant to get."""
    floats = {name: array for name, array in inputs.items() if array.dtype.kind == "f" and array.ndim}
    for name, x in floats.items():
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        yield Other(f"given softmax({name}), probabilities in place of logits,", {name: e / e.sum(axis=-1, keepdims=True)})
        yield Other(f"given sigmoid({name}), probabilities in place of logits,", {name: 1 / (1 + np.exp(-x))})
    for one, two in combinations(floats, 2):
        if floats[one].shape == floats[two].shape:
            yield Other(f"with {one} and {two} exchanged", {one: floats[two], two: floats[one]})
    for name, x in floats.items():
        for axis in (axis for axis in (1, -1) if x.ndim > 2 and x.shape[axis] in CHANNELS):
            turned = partial(_reversed, axis=axis)
            said = f"with axis {axis} of {name} in reverse, as RGB and BGR or a kernel turned round,"
            yield Other(said, {name: turned(x)})
            words = f"with axis {axis} of {name}, and of what it returns, in reverse, as RGB and BGR,"
            yield Other(words, {name: turned(x)}, turned)
    for name, x in floats.items():
        if x.ndim > 1 and x.shape[-1] >= 4 and x.shape[-1] % 2 == 0:
            for way, there, back in ((("pairs", "halves"), _halves, _pairs), (("halves", "pairs"), _pairs, _halves)):
                words = f"with the last axis of {name}, and of what it returns, put from {way[0]} to {way[1]},"
                yield Other(words, {name: there(x)}, back)
    for name, x in floats.items():
        for axis in (1, -1) if x.ndim == 4 else ():
            yield from _depths(name, x, axis)


def _depths(name: str, x: Array, axis: int) -> Iterator[Other]:
    """Channels that become blocks of pixels: those of one block are neighbours for PyTorch's pixel_shuffle, and lie apart for
    TensorFlow's depth_to_space.
    """
    rows = np.moveaxis(x, axis, 0)
    for block in (block for block in BLOCKS if len(rows) % block == 0 and len(rows) > block):
        for shape, order in (((-1, block), "far apart"), ((block, -1), "side by side")):
            turned = rows.reshape(*shape, *rows.shape[1:]).swapaxes(0, 1).reshape(rows.shape)
            words = f"with the {block} channels of each block of pixels {order} in axis {axis} of {name},"
            yield Other(words, {name: np.moveaxis(turned, 0, axis)})


def of_parameters(own: Mapping[str, Array]) -> Iterator[Other]:
    """Parameters as another framework, or another layer, would have them."""
    for name, array in own.items():
        for one, two in combinations(range(array.ndim), 2) if array.ndim > 2 else ():
            if array.shape[one] == array.shape[two] > 1:
                yield Other(f"with axes {one} and {two} of {name} exchanged", {name: array.swapaxes(one, two)})
        for axes in ((-1, -2), (0, 1), (-1,)) if array.ndim > 2 else ():
            yield Other(f"with {name} turned round along its axes {', '.join(map(str, axes))}", {name: np.flip(array, axes)})
    for name, array in own.items():
        if array.ndim == 1:
            yield Other(f"with 1 + {name}", {name: 1 + array})
            yield Other(f"with {name} - 1", {name: array - 1})
        if array.size == max(array.shape, default=0):  # a vector, perhaps with axes of length 1
            for value, said in ((0, "zero"), (1, "one")):
                if (array != value).any():
                    yield Other(f"with {name} {said}", {name: np.full_like(array, value)})


def flattened(matrices: Mapping[str, Array], images: Sequence[tuple[int, ...]]) -> Iterator[Other]:
    """A matrix behind a flattened image, whose channels come first, or last.

    images   shapes of images and kernels, which have the channels first or last
    """
    lengths = [(shape[0], shape[1], shape[-1]) for shape in images if len(shape) == 4]
    for channels in dict.fromkeys(length for three in lengths for length in three):
        for name, array in ((name, array) for name, array in matrices.items() if array.ndim == 2):
            for axis in (axis for axis in (0, 1) if array.shape[axis] % channels == 0 and 1 < channels < array.shape[axis]):
                rows = np.moveaxis(array, axis, 0)
                for shape, order in (((-1, channels), "(H, W, C) to (C, H, W)"), ((channels, -1), "(C, H, W) to (H, W, C)")):
                    turned = rows.reshape(*shape, rows.shape[1]).swapaxes(0, 1).reshape(rows.shape)
                    lines = "columns" if axis else "rows"
                    said = f"with the {lines} of {name} put from the order {order}, for {channels} channels,"
                    yield Other(said, {name: np.moveaxis(turned, 0, axis)})


def conjugate(x: Array) -> Array:
    """Of complex numbers, which are pairs along a last axis; of what has none, as it is."""
    return x * [1.0, -1.0] if x.shape[-1:] == (2,) else x


def _reversed(x: Array, axis: int) -> Array:
    return np.flip(x, axis) if -x.ndim <= axis < x.ndim else x


def _halves(x: Array) -> Array:
    """x0 y0 x1 y1 -> x0 x1 y0 y1; what cannot be halved as it is."""
    return x if not x.ndim or x.shape[-1] % 2 else np.concatenate([x[..., 0::2], x[..., 1::2]], axis=-1)


def _pairs(x: Array) -> Array:
    """The way back."""
    return x if not x.ndim or x.shape[-1] % 2 else np.stack(np.split(x, 2, axis=-1), axis=-1).reshape(x.shape)
