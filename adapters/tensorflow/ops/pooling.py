"""The reference's pooling layers in TensorFlow: tf.nn's, which on the CPU have channels last, and keras.ops and keras.layers."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

Size = int | tuple[int, ...]


def max_pool1d(x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Tensor:
    return _max_pool(x, kernel_size, stride, padding, dilation)


def max_pool2d(x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Tensor:
    return _max_pool(x, kernel_size, stride, padding, dilation)


def avg_pool1d(
    x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Tensor:
    return _avg_pool(x, kernel_size, stride, padding, count_include_pad)


def avg_pool2d(
    x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Tensor:
    return _avg_pool(x, kernel_size, stride, padding, count_include_pad)


def adaptive_avg_pool2d(x: Tensor, *, output_size: Size) -> Tensor:
    return keras.ops.adaptive_average_pool(x, output_size, data_format="channels_first")


def global_avg_pool(x: Tensor) -> Tensor:
    layers = keras.layers
    pool = {3: layers.GlobalAveragePooling1D, 4: layers.GlobalAveragePooling2D, 5: layers.GlobalAveragePooling3D}[x.shape.rank]
    return pool(data_format="channels_first", dtype=x.dtype.name)(x)


def global_max_pool(x: Tensor) -> Tensor:
    layers = keras.layers
    pool = {3: layers.GlobalMaxPooling1D, 4: layers.GlobalMaxPooling2D, 5: layers.GlobalMaxPooling3D}[x.shape.rank]
    return pool(data_format="channels_first", dtype=x.dtype.name)(x)


def lp_pool2d(x: Tensor, *, norm_type: float, kernel_size: Size, stride: Size | None = None) -> Tensor:
    # Composed: neither TensorFlow nor Keras has it. The root's slope at 0 is infinite, so a zero window must not reach it.
    kernel = _per_axis(kernel_size, 2)
    total = _avg_pool(tf.abs(x) ** norm_type, kernel, stride, 0, True) * (kernel[0] * kernel[1])
    return tf.where(total > 0, tf.where(total > 0, total, tf.ones_like(total)) ** (1 / norm_type), tf.zeros_like(total))


def _max_pool(x: Tensor, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size) -> Tensor:
    axes = x.shape.rank - 2
    kernel, dilations = _per_axis(kernel_size, axes), _per_axis(dilation, axes)
    strides = kernel if stride is None else _per_axis(stride, axes)
    pads = [(0, 0), *[(p, p) for p in _per_axis(padding, axes)], (0, 0)]
    x = _channels_last(x)
    if set(dilations) == {1} and axes == 2:
        return _channels_first(tf.nn.max_pool2d(x, kernel, strides, pads))
    # tf.nn.max_pool1d takes no explicit padding, and tf.nn.pool no stride beside a dilation or beyond the kernel.
    x = tf.pad(x, pads, constant_values=float("-inf"))
    if set(dilations) == {1} and all(step <= taps for step, taps in zip(strides, kernel, strict=True)):
        return _channels_first(tf.nn.pool(x, kernel, "MAX", strides, "VALID"))
    y = _channels_first(tf.nn.pool(x, kernel, "MAX", None, "VALID", dilations=dilations))
    return y[(..., *(slice(None, None, step) for step in strides))]


def _avg_pool(x: Tensor, kernel_size: Size, stride: Size | None, padding: Size, count_include_pad: bool) -> Tensor:
    axes = x.shape.rank - 2
    kernel, pads = _per_axis(kernel_size, axes), _per_axis(padding, axes)
    strides = kernel if stride is None else _per_axis(stride, axes)
    if not any(pads):
        return _channels_first(tf.nn.avg_pool(_channels_last(x), kernel, strides, "VALID"))
    if not count_include_pad and all(s == 1 and k == 2 * p + 1 for k, s, p in zip(kernel, strides, pads, strict=True)):
        return _channels_first(tf.nn.avg_pool(_channels_last(x), kernel, strides, "SAME"))
    # tf.nn's pooling pads as "SAME" has it, or not at all: other padding is a layer of its own, and counts. Where it must not, a
    # mean of ones says which share of a window is not padding.
    borders = [(0, 0), *[(p, p) for p in pads], (0, 0)]
    mean = tf.nn.avg_pool(tf.pad(_channels_last(x), borders), kernel, strides, "VALID")
    if not count_include_pad:
        mean /= tf.nn.avg_pool(tf.pad(_channels_last(tf.ones_like(x[:1, :1])), borders), kernel, strides, "VALID")
    return _channels_first(mean)


def _per_axis(value: Size, axes: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


def _channels_last(x: Tensor) -> Tensor:
    return tf.transpose(x, (0, *range(2, x.shape.rank), 1))


def _channels_first(x: Tensor) -> Tensor:
    return tf.transpose(x, (0, x.shape.rank - 1, *range(1, x.shape.rank - 1)))
