"""The reference's normalisation layers in TensorFlow: those of Keras, called statelessly, and tf.nn."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from ...layout import Inexpressible
from ..layout import Layout


def batch_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    # Keras' running variance is biased, (m - 1) / m times the unbiased one. Before and after the update that is taken out.
    m = x.shape.num_elements() // x.shape[1]
    correction = (m - 1) / m if unbiased and training else 1
    params = {"weight": weight, "bias": bias, "running_mean": running_mean, "running_var": running_var * correction}
    stored = LAYOUTS["batch_norm"].from_reference(params)
    layer = _layer("BatchNormalization", x, axis=1, momentum=1 - momentum, epsilon=eps)
    gamma, beta, *running = stored.values()
    y, (mean, var) = layer.stateless_call([gamma, beta], running, x, training=training)
    return y, mean, var / correction


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, *, eps: float = 1e-5) -> Tensor:
    layer = _layer("LayerNormalization", x, axis=_trailing(x, weight), epsilon=eps)
    return _call(layer, "layer_norm", x, weight=weight, bias=bias)


def group_norm(x: Tensor, weight: Tensor, bias: Tensor, *, groups: int, eps: float = 1e-5) -> Tensor:
    layer = _layer("GroupNormalization", x, groups=groups, axis=1, epsilon=eps)
    return _call(layer, "group_norm", x, weight=weight, bias=bias)


def instance_norm(x: Tensor, weight: Tensor, bias: Tensor, *, eps: float = 1e-5) -> Tensor:
    layer = _layer("GroupNormalization", x, groups=-1, axis=1, epsilon=eps)
    return _call(layer, "instance_norm", x, weight=weight, bias=bias)


def rms_norm(x: Tensor, weight: Tensor, *, eps: float = 1e-6) -> Tensor:
    layer = _layer("RMSNormalization", x, axis=_trailing(x, weight), epsilon=eps)
    return _call(layer, "rms_norm", x, weight=weight)


def local_response_norm(x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    channels = x.shape[1]
    if x.dtype == tf.float32 and size % 2:
        images = tf.transpose(tf.reshape(x, (x.shape[0], channels, -1, 1)), (0, 2, 3, 1))
        y = tf.nn.local_response_normalization(images, (size - 1) // 2, k, alpha / size, beta)
        return tf.reshape(tf.transpose(y, (0, 3, 1, 2)), x.shape)
    # Composed: the native op has no float64, and no window of even size.
    paddings = [[size // 2, (size - 1) // 2] if axis == 1 else [0, 0] for axis in range(x.shape.rank)]
    squares = tf.pad(x * x, paddings)
    energy = tf.add_n([squares[:, shift : shift + channels] for shift in range(size)])
    return x * (k + alpha / size * energy) ** -beta


def weight_norm(v: Tensor, g: Tensor, *, axis: int = 0) -> Tensor:
    # Composed of the native normalisation and a product: neither TensorFlow nor Keras has weight normalisation.
    others = [i for i in range(v.shape.rank) if i != axis % v.shape.rank]
    beside_v = [1 if i in others else -1 for i in range(v.shape.rank)]
    return tf.reshape(g, beside_v) * tf.nn.l2_normalize(v, others, epsilon=0.0)


def l2_normalize(x: Tensor, *, axis: int = -1, eps: float = 1e-12) -> Tensor:
    return tf.nn.l2_normalize(x, axis, epsilon=eps**2)  # TensorFlow clamps the square of the norm


def _trailing(x: Tensor, weight: Tensor) -> tuple[int, ...]:
    return tuple(range(x.shape.rank - weight.shape.rank, x.shape.rank))


def _layer(name: str, x: Tensor, **config: Any) -> Any:
    """A Keras layer, built for x once per configuration."""
    return _built(name, tuple(x.shape), x.dtype.name, tuple(config.items()))


@cache
def _built(name: str, shape: tuple[int, ...], dtype: str, config: tuple[tuple[str, Any], ...]) -> Any:
    with tf.init_scope():  # variables made inside a tf.function would belong to its graph
        layer = getattr(keras.layers, name)(dtype=dtype, **dict(config))
        layer.build(shape)
    return layer


def _call(layer: Any, op: str, x: Tensor, **params: Tensor) -> Tensor:
    y, _ = layer.stateless_call(list(LAYOUTS[op].from_reference(params).values()), [], x)
    return y


def _batch_norm(
    _params: Any, _x: Tensor, *, training: bool = True, momentum: float = 0.1, eps: float = 1e-5, unbiased: bool = True
) -> keras.Layer:
    if training and unbiased:
        raise Inexpressible("keras.layers.BatchNormalization has no unbiased=True: its running variance is biased")
    return keras.layers.BatchNormalization(axis=1, momentum=1 - momentum, epsilon=eps)


def _normalize_batch(layer: Any, x: Tensor, *, training: bool = True, **_: Any) -> tuple[Tensor, Tensor, Tensor]:
    y = layer(x, training=training)
    return y, layer.moving_mean.value, layer.moving_variance.value


def _trailing_norm(kind: type[keras.Layer], eps: float) -> Callable[..., keras.Layer]:
    return lambda params, x, eps=eps: kind(axis=_trailing(x, params["weight"]), epsilon=eps)


def _group_norm(_params: Any, _x: Tensor, *, groups: int = -1, eps: float = 1e-5) -> keras.Layer:
    """With groups=-1 each channel is a group: instance normalisation."""
    return keras.layers.GroupNormalization(groups, axis=1, epsilon=eps)


_AFFINE = {"weight": "gamma", "bias": "beta"}
_RUNNING = {"running_mean": "moving_mean", "running_var": "moving_variance"}

LAYOUTS = {
    "batch_norm": Layout.renamed(_AFFINE | _RUNNING, layer=_batch_norm, call=_normalize_batch),
    "layer_norm": Layout.renamed(_AFFINE, layer=_trailing_norm(keras.layers.LayerNormalization, 1e-5)),
    "group_norm": Layout.renamed(_AFFINE, layer=_group_norm),
    "instance_norm": Layout.renamed(_AFFINE, layer=_group_norm),
    "rms_norm": Layout.renamed({"weight": "scale"}, layer=_trailing_norm(keras.layers.RMSNormalization, 1e-6)),
    "weight_norm": Layout.without_layer("v", "g", reason="Keras has no weight normalisation"),
}
