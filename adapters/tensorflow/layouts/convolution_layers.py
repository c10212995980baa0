"""Keras's convolutions: how they are built for an op's parameters, and called on the reference's images (N, C, *spatial).

Keras's layers take a padding by name only. So images are padded before the layer, and what a transposed convolution returns is
cropped after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from ...layout import Inexpressible

Size = int | tuple[int, ...]
Params = dict[str, Tensor]


def convolution(kind: type[keras.Layer]) -> Callable[..., keras.Layer]:
    """(params, x, **static) -> a layer Conv1D, Conv2D or Conv3D."""

    def build(params: Params, _x: Tensor, *, stride: Size = 1, dilation: Size = 1, groups: int = 1, **_: Size) -> Any:
        _require_one_of(kind, stride, dilation)
        outputs, _, *kernel = params["weight"].shape
        return kind(outputs, tuple(kernel), stride, dilation_rate=dilation, groups=groups)

    return build


def depthwise(params: Params, _x: Tensor, *, stride: Size = 1, dilation: Size = 1, multiplier: int = 1, **_: Size) -> Any:
    """A layer DepthwiseConv2D."""
    return _by_channel(keras.layers.DepthwiseConv2D, params["weight"], stride, dilation, multiplier)


def separable(params: Params, _x: Tensor, *, stride: Size = 1, dilation: Size = 1, multiplier: int = 1, **_: Size) -> Any:
    """A layer SeparableConv2D."""
    kind, outputs = keras.layers.SeparableConv2D, params["pointwise_weight"].shape[0]
    return _by_channel(kind, params["depthwise_weight"], stride, dilation, multiplier, filters=outputs)


def slide(layer: keras.Layer, x: Tensor, *, padding: Size = 0, **_: Size) -> Tensor:
    """Call a layer on padded images."""
    around = [(0, 0), *((p, p) for p in _each(padding, x.shape.rank - 2)), (0, 0)]
    return keras.ops.moveaxis(layer(keras.ops.pad(keras.ops.moveaxis(x, 1, -1), around)), -1, 1)


def transposed(kind: type[keras.Layer]) -> Callable[..., keras.Layer]:
    """(params, x, **static) -> a layer Conv1DTranspose or Conv2DTranspose."""

    def build(
        params: Params,
        _x: Tensor,
        *,
        stride: Size = 1,
        output_padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        **_: Size,
    ) -> Any:
        if groups > 1:
            raise Inexpressible(f"keras.layers.{kind.__name__} has no groups")
        _require_one_of(kind, stride, dilation)
        _, outputs, *kernel = params["weight"].shape
        return kind(outputs, tuple(kernel), stride, output_padding=output_padding, dilation_rate=dilation)

    return build


def upsample(layer: keras.Layer, x: Tensor, *, padding: Size = 0, **_: Size) -> Tensor:
    """Call a layer, and crop what it returns at every side."""
    # On the CPU TensorFlow has a dilated one under XLA only.
    native = tf.function(layer, autograph=False, jit_compile=True) if max(layer.dilation_rate) > 1 else layer
    y = keras.ops.moveaxis(native(keras.ops.moveaxis(x, 1, -1)), -1, 1)
    cropped = (slice(p, length - p) for p, length in zip(_each(padding, x.shape.rank - 2), y.shape[2:], strict=True))
    return y[(..., *cropped)]


def _by_channel(kind: type[keras.Layer], weight: Tensor, stride: Size, dilation: Size, multiplier: int, **filters: int) -> Any:
    if len(set(_each(stride, 2))) > 1:
        raise Inexpressible(f"keras.layers.{kind.__name__} has no unequal strides")
    _require_one_of(kind, stride, dilation)
    options = {"kernel_size": tuple(weight.shape[2:]), "strides": stride, "depth_multiplier": multiplier}
    return kind(**filters, **options, dilation_rate=dilation)


def _require_one_of(kind: type[keras.Layer], stride: Size, dilation: Size) -> None:
    if 1 not in (max(_each(stride, 1)), max(_each(dilation, 1))):
        raise Inexpressible(f"keras.layers.{kind.__name__} has no strides together with a dilation")


def _each(size: Size, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes
