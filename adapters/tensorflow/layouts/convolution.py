"""Kernels of convolutions as Keras holds them: (*kernel, in, out), and (*kernel, out, in) where the convolution is transposed."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..layout import Layout
from .convolution_layers import convolution, depthwise, separable, slide, transposed, upsample


def _from_reference(params: dict[str, Tensor], **_static: object) -> dict[str, Tensor]:
    return {"kernel": _kernel_last(params["weight"]), "bias": params["bias"]}


def _to_reference(stored: dict[str, Tensor], **_static: object) -> dict[str, Tensor]:
    return {"weight": _kernel_first(stored["kernel"]), "bias": stored["bias"]}


def _depthwise_from_reference(params: dict[str, Tensor], *, multiplier: int = 1, **_static: object) -> dict[str, Tensor]:
    return {"kernel": _by_channel_last(params["weight"], multiplier), "bias": params["bias"]}


def _depthwise_to_reference(stored: dict[str, Tensor], **_static: object) -> dict[str, Tensor]:
    return {"weight": _by_channel_first(stored["kernel"]), "bias": stored["bias"]}


def _separable_from_reference(params: dict[str, Tensor], *, multiplier: int = 1, **_static: object) -> dict[str, Tensor]:
    return {
        "depthwise_kernel": _by_channel_last(params["depthwise_weight"], multiplier),
        "pointwise_kernel": _kernel_last(params["pointwise_weight"]),
        "bias": params["bias"],
    }


def _separable_to_reference(stored: dict[str, Tensor], **_static: object) -> dict[str, Tensor]:
    return {
        "depthwise_weight": _by_channel_first(stored["depthwise_kernel"]),
        "pointwise_weight": _kernel_first(stored["pointwise_kernel"]),
        "bias": stored["bias"],
    }


def _kernel_last(weight: Tensor) -> Tensor:
    """(A, B, *kernel) -> (*kernel, B, A)."""
    return tf.transpose(weight, (*range(2, weight.shape.rank), 1, 0))


def _kernel_first(kernel: Tensor) -> Tensor:
    axes = kernel.shape.rank - 2
    return tf.transpose(kernel, (axes + 1, axes, *range(axes)))


def _by_channel_last(weight: Tensor, multiplier: int) -> Tensor:
    """(C * multiplier, 1, kH, kW) -> (kH, kW, C, multiplier)."""
    return tf.transpose(tf.reshape(weight, (-1, multiplier, *weight.shape[2:])), (2, 3, 0, 1))


def _by_channel_first(kernel: Tensor) -> Tensor:
    return tf.reshape(tf.transpose(kernel, (2, 3, 0, 1)), (-1, 1, *kernel.shape[:2]))


WITHOUT_BIAS = Layout(
    ("weight",),
    lambda params, **_: {"kernel": _kernel_last(params["weight"])},
    lambda stored, **_: {"weight": _kernel_first(stored["kernel"])},
)
"""Of a convolution before batch normalisation."""


def _layout(layer: Callable[..., keras.Layer], call: Callable[..., Tensor] = slide) -> Layout:
    return Layout(("weight", "bias"), _from_reference, _to_reference, layer=layer, call=call)


LAYOUTS = {
    "conv1d": _layout(convolution(keras.layers.Conv1D)),
    "conv2d": _layout(convolution(keras.layers.Conv2D)),
    "conv3d": _layout(convolution(keras.layers.Conv3D)),
    "conv_transpose1d": _layout(transposed(keras.layers.Conv1DTranspose), upsample),
    "conv_transpose2d": _layout(transposed(keras.layers.Conv2DTranspose), upsample),
    "depthwise_conv2d": Layout(
        ("weight", "bias"), _depthwise_from_reference, _depthwise_to_reference, layer=depthwise, call=slide
    ),
    "separable_conv2d": Layout(
        ("depthwise_weight", "pointwise_weight", "bias"),
        _separable_from_reference,
        _separable_to_reference,
        layer=separable,
        call=slide,
    ),
}
