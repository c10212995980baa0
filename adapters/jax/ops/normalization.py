"""The reference's normalisation layers in JAX: those of flax.linen, with the variance in two passes (use_fast_variance=False)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import linen
from jax import Array, lax

from ...layout import Inexpressible
from ..layout import STATISTICS, Layout, collections


def batch_norm(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    running_mean: Array,
    running_var: Array,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[Array, Array, Array]:
    # flax's running variance is biased, (m - 1) / m times the unbiased one. Before and after the update that is taken out.
    m = x.size // x.shape[1]
    correction = (m - 1) / m if unbiased and training else 1
    params = {"weight": weight, "bias": bias, "running_mean": running_mean, "running_var": running_var * correction}
    variables = collections(LAYOUTS["batch_norm"].from_reference(params))
    layer = linen.BatchNorm(not training, axis=1, momentum=1 - momentum, epsilon=eps, use_fast_variance=False)
    y, updated = layer.apply(variables, x, mutable=["batch_stats"])
    mean, var = (updated["batch_stats"][name] for name in STATISTICS.values())
    return y, mean, var / correction


def layer_norm(x: Array, weight: Array, bias: Array, *, eps: float = 1e-5) -> Array:
    return _apply(_layer_norm({"weight": weight}, x, eps=eps), "layer_norm", x, weight=weight, bias=bias)


def group_norm(x: Array, weight: Array, bias: Array, *, groups: int, eps: float = 1e-5) -> Array:
    layer = linen.GroupNorm(groups, epsilon=eps, use_fast_variance=False)
    return _channels_first(_apply(layer, "group_norm", _channels_last(x), weight=weight, bias=bias))


def instance_norm(x: Array, weight: Array, bias: Array, *, eps: float = 1e-5) -> Array:
    layer = linen.InstanceNorm(epsilon=eps, use_fast_variance=False)
    return _channels_first(_apply(layer, "instance_norm", _channels_last(x), weight=weight, bias=bias))


def rms_norm(x: Array, weight: Array, *, eps: float = 1e-6) -> Array:
    return _apply(_rms_norm({"weight": weight}, x, eps=eps), "rms_norm", x, weight=weight)


def local_response_norm(x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    # Composed: neither JAX nor flax has it.
    window = (1, size, *[1] * (x.ndim - 2))
    padding = [(size // 2, (size - 1) // 2) if axis == 1 else (0, 0) for axis in range(x.ndim)]
    energy = lax.reduce_window(x * x, 0.0, lax.add, window, (1,) * x.ndim, padding)
    return x * (k + alpha / size * energy) ** -beta


def weight_norm(v: Array, g: Array, *, axis: int = 0) -> Array:
    variables = {"params": LAYOUTS["weight_norm"].from_reference({"v": v, "g": g})}
    return linen.WeightNorm(_Kernel(v.shape), epsilon=0.0, feature_axes=axis).apply(variables)


def l2_normalize(x: Array, *, axis: int = -1, eps: float = 1e-12) -> Array:
    # Composed: jax.nn has none, and jnp.linalg.norm has no gradient at the zero vector, not even below a maximum.
    return x * lax.rsqrt(jnp.maximum((x * x).sum(axis=axis, keepdims=True), eps**2))


class _Kernel(linen.Module):
    """A layer that returns its weight: linen.WeightNorm wraps layers."""

    shape: tuple[int, ...]

    @linen.compact
    def __call__(self) -> Array:
        return self.param("kernel", linen.initializers.zeros, self.shape)


def _apply(layer: Any, op: str, x: Array, **params: Array) -> Array:
    return layer.apply({"params": LAYOUTS[op].from_reference(params)}, x)


def _channels_last(x: Array) -> Array:
    return jnp.moveaxis(x, 1, -1)


def _channels_first(x: Array) -> Array:
    return jnp.moveaxis(x, -1, 1)


def _batch_norm(
    _params: Any, _x: Array, *, training: bool = True, momentum: float = 0.1, eps: float = 1e-5, unbiased: bool = True
) -> linen.Module:
    if training and unbiased:
        raise Inexpressible("linen.BatchNorm has no unbiased=True: its running variance is biased")
    return linen.BatchNorm(not training, axis=1, momentum=1 - momentum, epsilon=eps, use_fast_variance=False)


def _normalize_batch(layer: Any, x: Array, **_: Any) -> tuple[Array, Array, Array]:
    y = layer(x)
    return y, *(layer.get_variable("batch_stats", name) for name in STATISTICS.values())


def _layer_norm(params: dict[str, Array], _x: Array, *, eps: float = 1e-5) -> linen.Module:
    axes = tuple(range(-params["weight"].ndim, 0))
    return linen.LayerNorm(epsilon=eps, reduction_axes=axes, feature_axes=axes, use_fast_variance=False)


def _rms_norm(params: dict[str, Array], _x: Array, *, eps: float = 1e-6) -> linen.Module:
    axes = tuple(range(-params["weight"].ndim, 0))
    return linen.RMSNorm(epsilon=eps, reduction_axes=axes, feature_axes=axes)


def _on_channels_last(layer: Any, x: Array, **_: Any) -> Array:
    return _channels_first(layer(_channels_last(x)))


_AFFINE = {"weight": "scale", "bias": "bias"}

LAYOUTS = {
    "batch_norm": Layout.renamed(_AFFINE | STATISTICS, layer=_batch_norm, call=_normalize_batch),
    "layer_norm": Layout.renamed(_AFFINE, layer=_layer_norm),
    "group_norm": Layout.renamed(
        _AFFINE,
        layer=lambda params, x, *, groups, eps=1e-5: linen.GroupNorm(groups, epsilon=eps, use_fast_variance=False),
        call=_on_channels_last,
    ),
    "instance_norm": Layout.renamed(
        _AFFINE,
        layer=lambda params, x, *, eps=1e-5: linen.InstanceNorm(epsilon=eps, use_fast_variance=False),
        call=_on_channels_last,
    ),
    "rms_norm": Layout.renamed({"weight": "scale"}, layer=_rms_norm),
    "weight_norm": Layout(
        ("v", "g"),
        lambda params, **_: {"layer_instance": {"kernel": params["v"]}, "layer_instance/kernel/scale": params["g"]},
        lambda stored, **_: {"v": stored["layer_instance"]["kernel"], "g": stored["layer_instance/kernel/scale"]},
        layer=lambda params, *, axis=0: linen.WeightNorm(_Kernel(params["v"].shape), epsilon=0.0, feature_axes=axis),
    ),
}
