"""The reference's convolutions in JAX: jax.lax on the reference's images and on kernels as flax.linen holds them."""

from __future__ import annotations

from jax import Array, lax

from ..layouts.convolution import LAYOUTS

Size = int | tuple[int, ...]

_AXES = {1: "W", 2: "HW", 3: "DHW"}


def conv1d(
    x: Array, weight: Array, bias: Array, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Array:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Array, weight: Array, bias: Array, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Array:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Array, weight: Array, bias: Array, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Array:
    return _convolve(x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Array:
    return _transpose(x, weight, bias, stride, padding, output_padding, dilation, groups)


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Array:
    return _transpose(x, weight, bias, stride, padding, output_padding, dilation, groups)


def depthwise_conv2d(
    x: Array, weight: Array, bias: Array, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, multiplier: int = 1
) -> Array:
    return _convolve(x, weight, bias, stride, padding, dilation, groups=weight.shape[0] // multiplier)


def separable_conv2d(
    x: Array,
    depthwise_weight: Array,
    pointwise_weight: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    multiplier: int = 1,
) -> Array:
    # Composed: neither jax nor flax has a separable convolution. Its layout is that of a flax Sequential.
    stored = LAYOUTS["separable_conv2d"].from_reference(
        {"depthwise_weight": depthwise_weight, "pointwise_weight": pointwise_weight, "bias": bias}
    )
    z = _native(x, stored["layers_0"]["kernel"], stride, padding, dilation, groups=depthwise_weight.shape[0] // multiplier)
    return _native(z, stored["layers_1"]["kernel"], 1, 0, 1, groups=1) + _over_channels(stored["layers_1"]["bias"], x)


def _convolve(x: Array, weight: Array, bias: Array, stride: Size, padding: Size, dilation: Size, groups: int) -> Array:
    stored = LAYOUTS["conv2d"].from_reference({"weight": weight, "bias": bias})
    return _native(x, stored["kernel"], stride, padding, dilation, groups) + _over_channels(stored["bias"], x)


def _native(x: Array, kernel: Array, stride: Size, padding: Size, dilation: Size, groups: int) -> Array:
    axes = x.ndim - 2
    return lax.conv_general_dilated(
        x,
        kernel,
        _each(stride, axes),
        [(p, p) for p in _each(padding, axes)],
        rhs_dilation=_each(dilation, axes),
        dimension_numbers=_dimensions(axes),
        feature_group_count=groups,
    )


def _transpose(
    x: Array, weight: Array, bias: Array, stride: Size, padding: Size, output_padding: Size, dilation: Size, groups: int
) -> Array:
    axes = x.ndim - 2
    stored = LAYOUTS["conv_transpose2d"].from_reference({"weight": weight, "bias": bias}, groups=groups)
    kernel = stored["kernel"]
    strides, dilations = _each(stride, axes), _each(dilation, axes)
    # lax pads the image between whose pixels stride - 1 zeros stand, and then slides the kernel over it.
    along = zip(kernel.shape, _each(padding, axes), _each(output_padding, axes), dilations, strict=False)
    pads = [(d * (k - 1) - p, d * (k - 1) - p + e) for k, p, e, d in along]
    options = {"rhs_dilation": dilations, "dimension_numbers": _dimensions(axes)}
    if groups == 1:
        y = lax.conv_transpose(x, kernel, strides, pads, **options)
    else:  # lax.conv_transpose has no groups; this is what it calls
        ones = (1,) * axes
        y = lax.conv_general_dilated(x, kernel, ones, pads, lhs_dilation=strides, feature_group_count=groups, **options)
    return y + _over_channels(stored["bias"], x)


def _each(size: Size, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes


def _dimensions(axes: int) -> tuple[str, str, str]:
    images = "NC" + _AXES[axes]
    return images, _AXES[axes] + "IO", images


def _over_channels(bias: Array, x: Array) -> Array:
    return bias.reshape(-1, *[1] * (x.ndim - 2))
