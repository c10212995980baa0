"""flax's convolutions: how they are built for an op's parameters, and called on the reference's images (N, C, *spatial)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import linen
from jax import Array

from ...layout import Inexpressible

Size = int | tuple[int, ...]
Params = dict[str, Array]


def convolution(params: Params, _x: Array, **options: Any) -> linen.Module:
    """linen.Conv, for any number of axes."""
    outputs, _, *kernel = params["weight"].shape
    return _conv(outputs, tuple(kernel), **options)


def depthwise(params: Params, x: Array, *, multiplier: int = 1, **options: Any) -> linen.Module:
    """linen.Conv with a group for each channel."""
    channels = x.shape[1]
    return _conv(channels * multiplier, params["weight"].shape[2:], groups=channels, **options)


def separable(params: Params, x: Array, **options: Any) -> linen.Module:
    """A depthwise linen.Conv without a bias, and one with a kernel of one element."""
    first = depthwise({"weight": params["depthwise_weight"]}, x, use_bias=False, **options)
    return linen.Sequential([first, _conv(len(params["bias"]), (1, 1))])


def transposed(
    params: Params,
    _x: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> linen.Module:
    """linen.ConvTranspose: it pads the image between whose pixels are stride - 1 zeros, and slides its kernel over it."""
    if groups > 1:
        raise Inexpressible("linen.ConvTranspose has no groups")
    _, outputs, *kernel = params["weight"].shape
    axes = len(kernel)
    dilations = _each(dilation, axes)
    along = zip(kernel, _each(padding, axes), _each(output_padding, axes), dilations, strict=True)
    around = [(d * (k - 1) - p, d * (k - 1) - p + e) for k, p, e, d in along]
    return linen.ConvTranspose(outputs, tuple(kernel), _each(stride, axes), around, kernel_dilation=dilations)


def slide(layer: Any, x: Array, **_: Size) -> Array:
    """Call a layer on images with channels last."""
    return jnp.moveaxis(layer(jnp.moveaxis(x, 1, -1)), -1, 1)


def _conv(
    outputs: int,
    kernel: tuple[int, ...],
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    use_bias: bool = True,
) -> linen.Module:
    axes = len(kernel)
    return linen.Conv(
        outputs,
        kernel,
        _each(stride, axes),
        [(p, p) for p in _each(padding, axes)],
        kernel_dilation=_each(dilation, axes),
        feature_group_count=groups,
        use_bias=use_bias,
    )


def _each(size: Size, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes
