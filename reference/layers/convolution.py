"""Convolution over any number of axes as a matrix product. All convolutions of this folder use it.

A window of the image x lies at each position t, and the kernel has a weight for each of its taps k. Tap k of window t reads

    x_n,c,i    i = stride * t + dilation * k - padding        zero outside the image

The linear map U ("unfold", or im2col) copies what the taps read into columns, (U x)_ck,tn = x_n,c,i. Its transpose U' ("fold",
or col2im) adds every entry back to the place that it was copied from. With weights, images and columns as matrices,

    convolution               y = W U x     dW = dy (U x)'     dx = U' W' dy
    transposed convolution    y = U' W' x   dW = x (U dy)'     dx = W U dy

so each is the gradient of the other, and all of it is four matrix products and two ways of copying. Groups are independent blocks
of channels: the same products, once for each block.

Columns contain a pixel once for each tap that reads it. This memory makes one large product of the whole batch possible, and
backward uses the U x of forward again. The images of a batch lie side by side, (C, *size, N) in memory: U and U' then work on
runs of N pixels and more, also where there is a stride. Results keep this order, so that the next layer copies nothing. dW is
computed as ((U x) dy')', in three quarters of the time.

Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006;
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, 2016.
"""

from typing import Any

import numpy as np

from ..case import Array
from .windows import Windows

Shape = tuple[int, ...]
Cache = tuple[Windows, Shape, Shape, Array, Array]


def convolve(x: Array, weight: Array, windows: Windows, groups: int) -> tuple[Array, Cache]:
    """y = W U x. x (N, C, *size), weight (O, C/groups, *kernel) -> y (N, O, *positions)."""
    columns, matrix = unfold(x, windows, groups), _blocks(weight, groups)
    y = _images(matrix @ columns, (len(x), weight.shape[0], *windows.outputs))
    return y, (windows, x.shape, weight.shape, columns, matrix)


def convolve_backward(dout: Array, cache: Cache, *, input_gradient: bool = True) -> tuple[Any, Array]:
    """dout (N, O, *positions) -> dx = U' W' dout (None without input_gradient), dweight = dout (U x)'."""
    windows, size, kernel, columns, matrix = cache
    dout = _rows(dout, len(matrix))
    dx = fold(matrix.swapaxes(1, 2) @ dout, windows, size) if input_gradient else None
    return dx, (columns @ dout.swapaxes(1, 2)).swapaxes(1, 2).reshape(kernel)


def transpose(x: Array, weight: Array, windows: Windows, size: Shape, groups: int) -> tuple[Array, Cache]:
    """y = U' W' x. x (N, C, *positions), weight (C, O/groups, *kernel) -> y (N, O, *size)."""
    rows, matrix = _rows(x, groups), _blocks(weight, groups)
    y = fold(matrix.swapaxes(1, 2) @ rows, windows, (len(x), groups * weight.shape[1], *size))
    return y, (windows, x.shape, weight.shape, rows, matrix)


def transpose_backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout (N, O, *size) -> dx = W U dout (N, C, *positions), dweight = x (U dout)'."""
    windows, size, kernel, rows, matrix = cache
    columns = unfold(dout, windows, len(matrix))
    return _images(matrix @ columns, size), (columns @ rows.swapaxes(1, 2)).swapaxes(1, 2).reshape(kernel)


def unfold(x: Array, windows: Windows, groups: int) -> Array:
    """U: images (N, C, *size) -> columns (groups, C/groups * taps, positions * N)."""
    n, channels = x.shape[:2]
    x = _images(_rows(x, 1), x.shape)  # in the order of the columns
    columns = np.zeros_like(x, order="C", shape=(channels, len(windows.taps), *windows.outputs, n))
    each = np.moveaxis(columns, -1, 0)
    for k, (reading, elements) in enumerate(windows.taps):
        each[:, :, k][reading] = x[elements]
    rows = channels * len(windows.taps)
    return columns.reshape(groups, rows // groups, columns.size // rows)


def fold(columns: Array, windows: Windows, shape: Shape) -> Array:
    """U': columns (groups, C/groups * taps, positions * N) -> images of shape (N, C, *size)."""
    n, channels, *size = shape
    each = np.moveaxis(columns.reshape(channels, len(windows.taps), *windows.outputs, n), -1, 0)
    images = np.moveaxis(np.zeros_like(columns, order="C", shape=(channels, *size, n)), -1, 0)
    for k, (reading, elements) in enumerate(windows.taps):
        images[elements] += each[:, :, k][reading]
    return images


def _rows(images: Array, groups: int) -> Array:
    """(N, A, *size) -> matrices (groups, A/groups, size * N): a copy, unless a convolution has made the images."""
    return _blocks(np.moveaxis(images, 0, -1), groups)


def _images(rows: Array, shape: Shape) -> Array:
    """The inverse of `_rows`: matrices (groups, A/groups, size * N) -> images of shape (N, A, *size)."""
    n, channels, *size = shape
    return np.moveaxis(rows.reshape(channels, *size, n), -1, 0)


def _blocks(array: Array, groups: int) -> Array:
    """(A, ...) -> matrices (groups, A/groups, everything else)."""
    rows = array.shape[0]
    return array.reshape(groups, rows // groups, array.size // rows)
