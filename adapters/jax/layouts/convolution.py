"""Kernels of convolutions as flax.linen.Conv and ConvTranspose hold them: (*kernel, in, out)."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from flax import linen
from jax import Array

from ..layout import Layout
from .convolution_layers import convolution, depthwise, separable, slide, transposed


def _from_reference(params: dict[str, Array], **_static: object) -> dict[str, Array]:
    return {"kernel": _channels_last(params["weight"]), "bias": params["bias"]}


def _to_reference(stored: dict[str, Array], **_static: object) -> dict[str, Array]:
    return {"weight": _channels_first(stored["kernel"]), "bias": stored["bias"]}


def _transposed_from_reference(params: dict[str, Array], *, groups: int = 1, **_static: object) -> dict[str, Array]:
    """(C, O/groups, *kernel) -> (*kernel, C/groups, O), flipped: ConvTranspose convolves, it does not transpose."""
    weight = params["weight"]
    channels, outputs, *kernel = weight.shape
    blocks = jnp.flip(weight, range(2, weight.ndim)).reshape(groups, channels // groups, outputs, *kernel)
    blocks = jnp.moveaxis(blocks, (1, 0, 2), (-3, -2, -1))
    return {"kernel": blocks.reshape(*kernel, channels // groups, groups * outputs), "bias": params["bias"]}


def _transposed_to_reference(stored: dict[str, Array], *, groups: int = 1, **_static: object) -> dict[str, Array]:
    *kernel, channels, outputs = stored["kernel"].shape
    blocks = stored["kernel"].reshape(*kernel, channels, groups, outputs // groups)
    flipped = jnp.moveaxis(blocks, (-3, -2, -1), (1, 0, 2)).reshape(groups * channels, outputs // groups, *kernel)
    return {"weight": jnp.flip(flipped, range(2, flipped.ndim)), "bias": stored["bias"]}


def _separable_from_reference(params: dict[str, Array], **_static: object) -> dict[str, dict[str, Array]]:
    """flax has no separable convolution: this is a Sequential of two Conv, the first without a bias."""
    return {
        "layers_0": {"kernel": _channels_last(params["depthwise_weight"])},
        "layers_1": {"kernel": _channels_last(params["pointwise_weight"]), "bias": params["bias"]},
    }


def _separable_to_reference(stored: dict[str, dict[str, Array]], **_static: object) -> dict[str, Array]:
    return {
        "depthwise_weight": _channels_first(stored["layers_0"]["kernel"]),
        "pointwise_weight": _channels_first(stored["layers_1"]["kernel"]),
        "bias": stored["layers_1"]["bias"],
    }


def _channels_last(weight: Array) -> Array:
    return jnp.moveaxis(weight, (0, 1), (-1, -2))


def _channels_first(kernel: Array) -> Array:
    return jnp.moveaxis(kernel, (-1, -2), (0, 1))


def _layout(layer: Callable[..., linen.Module]) -> Layout:
    return Layout(("weight", "bias"), _from_reference, _to_reference, layer=layer, call=slide)


_TRANSPOSED = Layout(("weight", "bias"), _transposed_from_reference, _transposed_to_reference, layer=transposed, call=slide)

WITHOUT_BIAS = Layout(
    ("weight",),
    lambda params, **_: {"kernel": _channels_last(params["weight"])},
    lambda stored, **_: {"weight": _channels_first(stored["kernel"])},
)
"""Of a convolution before batch normalisation."""

LAYOUTS = {
    "conv1d": _layout(convolution),
    "conv2d": _layout(convolution),
    "conv3d": _layout(convolution),
    "conv_transpose1d": _TRANSPOSED,
    "conv_transpose2d": _TRANSPOSED,
    "depthwise_conv2d": _layout(depthwise),
    "separable_conv2d": Layout(
        ("depthwise_weight", "pointwise_weight", "bias"),
        _separable_from_reference,
        _separable_to_reference,
        layer=separable,
        call=slide,
    ),
}
