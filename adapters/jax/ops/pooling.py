"""The reference's pooling layers in JAX: flax.linen's, which have channels last, and jax.lax where they lack an option."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

Size = int | tuple[int, ...]


def max_pool1d(x: Array, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Array:
    return _max_pool(x, kernel_size, stride, padding, dilation)


def max_pool2d(x: Array, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Array:
    return _max_pool(x, kernel_size, stride, padding, dilation)


def avg_pool1d(
    x: Array, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Array:
    return _avg_pool(x, kernel_size, stride, padding, count_include_pad)


def avg_pool2d(
    x: Array, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Array:
    return _avg_pool(x, kernel_size, stride, padding, count_include_pad)


def adaptive_avg_pool2d(x: Array, *, output_size: Size) -> Array:
    # Composed: neither JAX nor flax has it.
    for axis, count in zip((2, 3), _per_axis(output_size, 2), strict=True):
        length = x.shape[axis]
        windows = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        x = jnp.stack([jax.lax.slice_in_dim(x, *window, axis=axis).mean(axis) for window in windows], axis)
    return x


def global_avg_pool(x: Array) -> Array:
    return jnp.mean(x, axis=tuple(range(2, x.ndim)))


def global_max_pool(x: Array) -> Array:
    return jnp.max(x, axis=tuple(range(2, x.ndim)))


def lp_pool2d(x: Array, *, norm_type: float, kernel_size: Size, stride: Size | None = None) -> Array:
    # Composed: neither JAX nor flax has it. The root's slope at 0 is infinite, so a zero window must not reach it.
    kernel = _per_axis(kernel_size, 2)
    mean = _avg_pool(jnp.abs(x) ** norm_type, kernel, stride, 0, True)
    total = mean * (kernel[0] * kernel[1])
    return jnp.where(total > 0, jnp.where(total > 0, total, 1) ** (1 / norm_type), 0)


def _max_pool(x: Array, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size) -> Array:
    axes = x.ndim - 2
    kernel, dilations = _per_axis(kernel_size, axes), _per_axis(dilation, axes)
    strides = kernel if stride is None else _per_axis(stride, axes)
    pads = [(p, p) for p in _per_axis(padding, axes)]
    if set(dilations) == {1}:
        return _channels_first(nn.max_pool(_channels_last(x), kernel, strides, pads))
    # Composed: flax has no dilation, and lax.reduce_window one without a gradient.
    x = jnp.pad(x, [(0, 0), (0, 0), *pads], constant_values=-jnp.inf)
    for axis, (size, step, gap) in enumerate(zip(kernel, strides, dilations, strict=True), start=2):
        last = x.shape[axis] - gap * (size - 1)
        taps = [jax.lax.slice_in_dim(x, k * gap, k * gap + last, step, axis) for k in range(size)]
        x = jnp.max(jnp.stack(taps), axis=0)
    return x


def _avg_pool(x: Array, kernel_size: Size, stride: Size | None, padding: Size, count_include_pad: bool) -> Array:
    axes = x.ndim - 2
    kernel = _per_axis(kernel_size, axes)
    strides = kernel if stride is None else _per_axis(stride, axes)
    pads = [(p, p) for p in _per_axis(padding, axes)]
    y = _channels_first(nn.avg_pool(_channels_last(x), kernel, strides, pads, count_include_pad))
    return y.astype(x.dtype)  # where 64 bits are enabled flax counts what is no padding in float64, and returns that for float32


def _per_axis(value: Size, axes: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


def _channels_last(x: Array) -> Array:
    return jnp.moveaxis(x, 1, -1)


def _channels_first(x: Array) -> Array:
    return jnp.moveaxis(x, -1, 1)
