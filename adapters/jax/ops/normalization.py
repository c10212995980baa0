"""The reference's normalisation layers in JAX: those of flax.linen, with the variance in two passes (use_fast_variance=False)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import linen
from jax import Array, lax

from ... import Layout


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
    variables = LAYOUTS["batch_norm"].from_reference(params)
    layer = linen.BatchNorm(not training, axis=1, momentum=1 - momentum, epsilon=eps, use_fast_variance=False)
    y, updated = layer.apply(variables, x, mutable=["batch_stats"])
    new = LAYOUTS["batch_norm"].to_reference(variables | updated)
    return y, new["running_mean"], new["running_var"] / correction


def layer_norm(x: Array, weight: Array, bias: Array, *, eps: float = 1e-5) -> Array:
    axes = tuple(range(-weight.ndim, 0))
    layer = linen.LayerNorm(epsilon=eps, reduction_axes=axes, feature_axes=axes, use_fast_variance=False)
    return _apply(layer, "layer_norm", x, weight=weight, bias=bias)


def group_norm(x: Array, weight: Array, bias: Array, *, groups: int, eps: float = 1e-5) -> Array:
    layer = linen.GroupNorm(groups, epsilon=eps, use_fast_variance=False)
    return _channels_first(_apply(layer, "group_norm", _channels_last(x), weight=weight, bias=bias))


def instance_norm(x: Array, weight: Array, bias: Array, *, eps: float = 1e-5) -> Array:
    layer = linen.InstanceNorm(epsilon=eps, use_fast_variance=False)
    return _channels_first(_apply(layer, "instance_norm", _channels_last(x), weight=weight, bias=bias))


def rms_norm(x: Array, weight: Array, *, eps: float = 1e-6) -> Array:
    axes = tuple(range(-weight.ndim, 0))
    layer = linen.RMSNorm(epsilon=eps, reduction_axes=axes, feature_axes=axes)
    return _apply(layer, "rms_norm", x, weight=weight)


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


_AFFINE = Layout.renamed(weight="scale", bias="bias")

LAYOUTS = {
    "batch_norm": Layout(
        ("weight", "bias", "running_mean", "running_var"),
        lambda params, **_: {
            "params": {"scale": params["weight"], "bias": params["bias"]},
            "batch_stats": {"mean": params["running_mean"], "var": params["running_var"]},
        },
        lambda variables, **_: {
            "weight": variables["params"]["scale"],
            "bias": variables["params"]["bias"],
            "running_mean": variables["batch_stats"]["mean"],
            "running_var": variables["batch_stats"]["var"],
        },
    ),
    "layer_norm": _AFFINE,
    "group_norm": _AFFINE,
    "instance_norm": _AFFINE,
    "rms_norm": Layout.renamed(weight="scale"),
    "weight_norm": Layout(
        ("v", "g"),
        lambda params, **_: {"layer_instance": {"kernel": params["v"]}, "layer_instance/kernel/scale": params["g"]},
        lambda stored, **_: {"v": stored["layer_instance"]["kernel"], "g": stored["layer_instance/kernel/scale"]},
    ),
}
