"""The reference's layers that resize, pad or rearrange, in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

Size = int | tuple[int, ...]
Scale = float | tuple[float, ...]


def upsample_nearest2d(x: Tensor, *, size: Size | None = None, scale_factor: Scale | None = None) -> Tensor:
    y = tf.image.resize(_channels_last(x), _resized(x, size, scale_factor), "nearest")
    return _channels_first(y)


def upsample_bilinear2d(
    x: Tensor, *, size: Size | None = None, scale_factor: Scale | None = None, align_corners: bool = False
) -> Tensor:
    shape = _resized(x, size, scale_factor)
    if not align_corners:
        return keras.ops.image.resize(x, shape, "bilinear", data_format="channels_first")
    # Only the kernel beneath still knows aligned corners. It returns float32, as tf.image.resize does; Keras casts back.
    y = tf.raw_ops.ResizeBilinear(images=_channels_last(x), size=shape, align_corners=True)
    return tf.cast(_channels_first(y), x.dtype)


def pixel_shuffle(x: Tensor, *, upscale_factor: int) -> Tensor:
    # tf.nn.depth_to_space has the channel as the fastest part of the channel axis: (i, j, c) where the reference has (c, i, j).
    n, channels, height, width = x.shape
    r = upscale_factor
    if r == 1:
        return x  # tf.nn.depth_to_space wants at least 2
    fastest = tf.transpose(tf.reshape(x, (n, channels // r**2, r * r, height, width)), (0, 3, 4, 2, 1))
    return _channels_first(tf.nn.depth_to_space(tf.reshape(fastest, (n, height, width, channels)), r))


def pad2d(x: Tensor, *, padding: int | tuple[tuple[int, int], tuple[int, int]], mode: str = "zero") -> Tensor:
    sides = padding if isinstance(padding, tuple) else ((padding, padding),) * 2
    if mode != "replicate":
        return tf.pad(x, ((0, 0), (0, 0), *sides), "CONSTANT" if mode == "zero" else "REFLECT")
    # Composed: tf.pad cannot replicate, nor can keras.ops.pad on TensorFlow.
    for axis, (before, after) in enumerate(sides, start=2):
        length = x.shape[axis]
        x = tf.gather(x, [min(max(i, 0), length - 1) for i in range(-before, length + after)], axis=axis)
    return x


def flatten(x: Tensor, *, start_axis: int = 1, end_axis: int = -1) -> Tensor:
    start, end = start_axis % x.shape.rank, end_axis % x.shape.rank + 1
    if (start, end) == (1, x.shape.rank):
        return keras.layers.Flatten(dtype=x.dtype.name)(x)
    return tf.reshape(
        x, (*x.shape[:start], -1, *x.shape[end:])
    )  # composed: keras.layers.Flatten keeps the first axis and no other


def _resized(x: Tensor, size: Size | None, scale_factor: Scale | None) -> tuple[int, ...]:
    if size is not None:
        return size if isinstance(size, tuple) else (size, size)
    scales = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    height, width = (int(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
    return height, width


def _channels_last(x: Tensor) -> Tensor:
    return tf.transpose(x, (0, 2, 3, 1))


def _channels_first(x: Tensor) -> Tensor:
    return tf.transpose(x, (0, 3, 1, 2))
