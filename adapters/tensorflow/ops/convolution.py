"""The reference's convolutions in TensorFlow: tf.nn and keras.ops, on images (N, *spatial, C) and on kernels as Keras holds them.

On the CPU TensorFlow cannot differentiate grouped convolutions, dilated ones in float64, or depthwise ones of unequal strides,
and tf.nn has no stride together with a dilation. keras.ops helps itself in two ways, both with the native op: under XLA, or with
stride 1 and then every stride-th window. Where keras.ops does not help, the same is done here.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..layouts.convolution import LAYOUTS

Sizes = tuple[int, ...]
Size = int | Sizes


def conv1d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    return _transpose(tf.nn.conv1d_transpose, x, weight, bias, stride, padding, output_padding, dilation, groups)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    return _transpose(tf.nn.conv2d_transpose, x, weight, bias, stride, padding, output_padding, dilation, groups)


def depthwise_conv2d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, multiplier: int = 1
) -> Tensor:
    stored = LAYOUTS["depthwise_conv2d"].from_reference({"weight": weight, "bias": bias}, multiplier=multiplier)

    def native(images: Tensor, strides: Sizes, dilations: Sizes) -> Tensor:
        return tf.nn.depthwise_conv2d(images, stored["kernel"], (1, *strides, 1), "VALID", dilations=dilations)

    # Padded beforehand: with paddings in numbers, float32 and a bias, graph mode fuses the two and aborts the process
    # ("Check failed: index >= 0 && index < num_total_dims", tensor_format.h, TensorFlow 2.21.0).
    return _channels_first(_strided(native, _padded(x, padding), _each(stride, 2), _each(dilation, 2)) + stored["bias"])


def separable_conv2d(
    x: Tensor,
    depthwise_weight: Tensor,
    pointwise_weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    multiplier: int = 1,
) -> Tensor:
    stored = LAYOUTS["separable_conv2d"].from_reference(
        {"depthwise_weight": depthwise_weight, "pointwise_weight": pointwise_weight, "bias": bias}, multiplier=multiplier
    )

    def native(images: Tensor, strides: Sizes, dilations: Sizes) -> Tensor:
        kernels = stored["depthwise_kernel"], stored["pointwise_kernel"]
        return tf.nn.separable_conv2d(images, *kernels, (1, *strides, 1), "VALID", dilations=dilations)

    return _channels_first(_strided(native, _padded(x, padding), _each(stride, 2), _each(dilation, 2)) + stored["bias"])


def _strided(native: Callable[[Tensor, Sizes, Sizes], Tensor], images: Tensor, strides: Sizes, dilations: Sizes) -> Tensor:
    """The native depthwise convolution, or where it takes no such strides the one of stride 1, and every stride-th window."""
    if len(set(strides)) == 1 and 1 in (max(strides), max(dilations)):
        return native(images, strides, dilations)
    rows, columns = strides
    return native(images, (1, 1), dilations)[:, ::rows, ::columns]


def _convolve(x: Tensor, weight: Tensor, bias: Tensor, stride: Size, padding: Size, dilation: Size, groups: int) -> Tensor:
    axes = x.shape.rank - 2
    strides, dilations = _each(stride, axes), _each(dilation, axes)
    stored = LAYOUTS["conv2d"].from_reference({"weight": weight, "bias": bias})
    if axes == 2 and groups == 1 and max(dilations) == 1:
        y = tf.nn.conv2d(_channels_last(x), stored["kernel"], strides, _around(_each(padding, axes)))
    elif 1 in (max(strides), max(dilations)):
        y = keras.ops.conv(_padded(x, padding), stored["kernel"], strides, "valid", "channels_last", dilations)
    else:
        every = (slice(None), *(slice(None, None, s) for s in strides))
        y = keras.ops.conv(_padded(x, padding), stored["kernel"], 1, "valid", "channels_last", dilations)[every]
    return _channels_first(y + stored["bias"])


def _transpose(
    native: Callable[..., Tensor],
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: Size,
    padding: Size,
    output_padding: Size,
    dilation: Size,
    groups: int,
) -> Tensor:
    axes = x.shape.rank - 2
    strides, paddings, dilations = _each(stride, axes), _each(padding, axes), _each(dilation, axes)
    stored = LAYOUTS["conv_transpose2d"].from_reference({"weight": weight, "bias": bias})
    along = zip(x.shape[2:], weight.shape[2:], strides, dilations, _each(output_padding, axes), strict=True)
    full = [(t - 1) * s + d * (k - 1) + 1 + e for t, k, s, d, e in along]

    def call(images: Tensor, kernel: Tensor) -> Tensor:
        n, outputs = x.shape[0], groups * weight.shape[1]
        if axes == 2:
            shape = (n, *(f - 2 * p for f, p in zip(full, paddings, strict=True)), outputs)
            return native(images, kernel, shape, strides, _around(paddings), dilations=dilations)
        (length,), (p,) = full, paddings  # tf.nn.conv1d_transpose takes no padding in numbers: it is cut off afterwards
        return native(images, kernel, (n, length, outputs), strides, "VALID", dilations=dilations)[:, p : length - p]

    if groups > 1 or max(dilations) > 1:
        call = tf.function(call, autograph=False, jit_compile=True)
    return _channels_first(call(_channels_last(x), stored["kernel"]) + stored["bias"])


def _each(size: Size, axes: int) -> Sizes:
    return size if isinstance(size, tuple) else (size,) * axes


def _around(paddings: Sizes) -> list[list[int]]:
    return [[0, 0], *([p, p] for p in paddings), [0, 0]]


def _padded(x: Tensor, padding: Size) -> Tensor:
    return tf.pad(_channels_last(x), _around(_each(padding, x.shape.rank - 2)))


def _channels_last(x: Tensor) -> Tensor:
    return tf.transpose(x, (0, *range(2, x.shape.rank), 1))


def _channels_first(y: Tensor) -> Tensor:
    return tf.transpose(y, (0, y.shape.rank - 1, *range(1, y.shape.rank - 1)))
