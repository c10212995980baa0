"""Operations that have no float64 kernel, written with others. They compute the same function, in one kernel's place.

A normalisation subtracts a mean that has its own error, which perturbed operands alone would not show: it rounds inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Round = Callable[[Any], Any]


def _axes(x: Any, attr: Any) -> tuple[list[int], list[int]]:
    """The axes of the statistics, and the shape that a value for each channel broadcasts with."""
    channel = 1 if attr("data_format").decode().startswith("NC") else len(x.shape) - 1
    shape = [1] * len(x.shape)
    shape[channel] = -1
    return [axis for axis in range(len(x.shape)) if axis != channel], shape


def batch_norm(operands: Any, attr: Any, r: Round) -> list[Any]:
    """FusedBatchNormV3: out, the mean and variance after the step, those of the batch, and a reserve that is not used."""
    x, scale, offset, mean, variance = operands
    axes, shape = _axes(x, attr)
    kept_mean, kept_variance = mean, variance
    if attr("is_training"):
        mean = r(tf.reduce_mean(x, axes))
        variance = r(tf.reduce_mean(tf.square(r(x - tf.reshape(mean, shape))), axes))
        factor = attr("exponential_avg_factor")
        n = tf.cast(tf.size(x) / tf.size(mean), tf.float64)
        unbiased = variance * n / tf.maximum(n - 1, 1)
        kept_mean = mean if factor == 1 else (1 - factor) * kept_mean + factor * mean
        kept_variance = unbiased if factor == 1 else (1 - factor) * kept_variance + factor * unbiased
    m, v, s, b = (tf.reshape(each, shape) for each in (mean, variance, scale, offset))
    out = r(r(r(x - m) * r(tf.math.rsqrt(v + attr("epsilon")))) * s) + b
    return [out, kept_mean, kept_variance, mean, variance, tf.zeros([0], tf.float64)]


def batch_norm_grad(operands: Any, attr: Any, r: Round) -> list[Any]:
    """FusedBatchNormGradV3: the gradients of x, scale and offset, and two reserves."""
    dout, x, scale, mean, variance, _ = operands
    axes, shape = _axes(x, attr)
    m, v, s = (tf.reshape(each, shape) for each in (mean, variance, scale))
    rate = r(tf.math.rsqrt(v + attr("epsilon")))
    normal = r(r(x - m) * rate)
    dscale, doffset = tf.reduce_sum(dout * normal, axes), tf.reduce_sum(dout, axes)
    dx = dout
    if attr("is_training"):
        first, second = (r(tf.reduce_mean(each, axes, keepdims=True)) for each in (dout, dout * normal))
        dx = r(r(dout - first) - r(normal * second))
    empty = tf.zeros([0], tf.float64)
    return [dx * rate * s, dscale, doffset, empty, empty]


def local_response(operands: Any, attr: Any, _: Round) -> list[Any]:
    """LRN: x / (bias + alpha sum of squares of the neighbouring channels) ** beta."""
    (x,) = operands
    return [x * tf.pow(_denominator(x, attr), -attr("beta"))]


def local_response_grad(operands: Any, attr: Any, _: Round) -> list[Any]:
    """LRNGrad."""
    dout, x, out = operands
    base = _denominator(x, attr)
    inner = _neighbours(dout * out / base, attr)
    return [dout * tf.pow(base, -attr("beta")) - 2 * attr("alpha") * attr("beta") * x * inner]


def _neighbours(x: Any, attr: Any) -> Any:
    radius = attr("depth_radius")
    padded = tf.pad(x, [[0, 0]] * 3 + [[radius, radius]])
    return tf.add_n([padded[..., i : i + x.shape[-1]] for i in range(2 * radius + 1)])


def _denominator(x: Any, attr: Any) -> Any:
    return attr("bias") + attr("alpha") * _neighbours(x * x, attr)


def resize(operands: Any, attr: Any, _: Round) -> list[Any]:
    """ResizeBilinear: (N, H, W, C) to the size in the second operand."""
    image, size = operands
    rows, columns = (_interpolation(n, m, attr) for n, m in zip(image.shape[1:3], tf.get_static_value(size), strict=True))
    return [tf.einsum("ih,jw,nhwc->nijc", rows, columns, image)]


def resize_grad(operands: Any, attr: Any, _: Round) -> list[Any]:
    """ResizeBilinearGrad: the second operand is the image, of which the size alone counts."""
    dout, image = operands
    rows, columns = (_interpolation(n, m, attr) for n, m in zip(image.shape[1:3], dout.shape[1:3], strict=True))
    return [tf.einsum("ih,jw,nijc->nhwc", rows, columns, dout)]


def _interpolation(old: int, new: int, attr: Any) -> Any:
    """(new, old): the weights of the old pixels in each new one."""
    scale = (old - 1) / (new - 1) if attr("align_corners") and new > 1 else old / new
    shift = 0.5 if attr("half_pixel_centers") else 0.0
    place = (np.arange(new) + shift) * scale - shift
    below = np.floor(place)
    weights = np.zeros((new, old))
    for index, weight in ((below, 1 - (place - below)), (below + 1, place - below)):
        np.add.at(weights, (np.arange(new), np.clip(index, 0, old - 1).astype(int)), weight)
    return tf.constant(weights)


def _total(x: Any) -> Any:
    """The sum of exp(x - max x) of each row. Where one number is far larger than all others, it is 1 and a little."""
    total = tf.reduce_sum(tf.exp(x - tf.reduce_max(x, -1, keepdims=True)), -1, keepdims=True)
    return tf.where(tf.math.is_finite(total), total, tf.ones_like(total))


def log_softmax(operands: Any, _attr: Any, r: Round) -> list[Any]:
    """LogSoftmax."""
    (x,) = operands
    total = _total(x)
    return [tf.nn.log_softmax(x) + (r(total) - total) / total]


def cross_entropy(operands: Any, _attr: Any, r: Round) -> list[Any]:
    """SoftmaxCrossEntropyWithLogits: the loss of each row, and softmax - labels."""
    x, labels = operands
    loss, backprop = tf.raw_ops.SoftmaxCrossEntropyWithLogits(features=x, labels=labels)
    return _rounded(x, loss, backprop, tf.reduce_sum(labels, -1), backprop + labels, r)


def sparse_cross_entropy(operands: Any, _attr: Any, r: Round) -> list[Any]:
    """The same where labels are numbers of classes."""
    x, labels = operands
    loss, backprop = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=labels)
    return _rounded(x, loss, backprop, 1.0, backprop + tf.one_hot(labels, x.shape[-1], dtype=x.dtype), r)


def _rounded(x: Any, loss: Any, backprop: Any, mass: Any, softmax: Any, r: Round) -> list[Any]:
    """Losses and gradients, with the rounding of sums and probabilities that are nearly 1. mass is the sum of the labels."""
    total = _total(x)
    return [loss + mass * tf.squeeze((r(total) - total) / total, -1), backprop + (r(softmax) - softmax)]


COMPOSED: dict[str, Callable[[Any, Any, Round], list[Any]]] = {
    "FusedBatchNormV3": batch_norm,
    "FusedBatchNormGradV3": batch_norm_grad,
    "ResizeBilinear": resize,
    "ResizeBilinearGrad": resize_grad,
    "LRN": local_response,
    "LRNGrad": local_response_grad,
    "LogSoftmax": log_softmax,
    "SoftmaxCrossEntropyWithLogits": cross_entropy,
    "SparseSoftmaxCrossEntropyWithLogits": sparse_cross_entropy,
}
"""Operation -> (operands, attribute by name, rounding) -> its results."""
