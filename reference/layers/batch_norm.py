"""Batch normalisation: each channel standardised over the batch and all positions, then scaled and shifted.

    training      mean_c, var_c over the m values of channel c (var biased: divided by m)
    evaluation    mean_c, var_c are the running ones
    xhat = (x - mean) / sqrt(var + eps)        y = xhat * weight + bias
    new_running = (1 - momentum) * running + momentum * batch        (training; as they were in evaluation)

Derivation.  dbias = sum dout and dweight = sum dout * xhat, over everything but the channel. In training the cotangent of
xhat, weight * dout, goes through the vjp of standardising (reference/layers/standardize.py), whose two means are dbias and
dweight again:

    dx = weight * rstd * (dout - dbias / m - xhat * dweight / m)

In evaluation mean and variance are constants, and dx = weight * rstd * dout. The running statistics are results that are not
differentiated. A bias before batch normalisation in training shifts every value of a channel alike: its gradient is exactly zero.

Shapes: x, y (N, C, ...), weight, bias, running_mean, running_var (C,).
Source: Ioffe and Szegedy, "Batch normalization", ICML 2015. The running variance takes the unbiased batch variance (divided by
m - 1) in the paper and in PyTorch, the biased one in Keras and flax: `unbiased`. Their momentum is the complement of ours and
PyTorch's: 0.99 stands for 0.01. Defaults of eps: 1e-5 here, in PyTorch and in flax, 1e-3 in Keras.
"""

import math
from typing import Any

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from .standardize import EPS, channel_inputs, positions, require_channels, scaled

Cache = tuple[Array, Array, Array, bool]
DETACHED = (1, 2)


def forward(
    x: Array,
    weight: Array,
    bias: Array,
    /,
    *,
    running_mean: Array,
    running_var: Array,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[tuple[Array, Array, Array], Cache]:
    """x (N, C, ...), weight, bias, running_mean, running_var (C,) -> y (N, C, ...), new_running_mean, new_running_var (C,).

    Raises ValueError where the dtypes or shapes do not fit, and in training for fewer than two values a channel: their
    variance says nothing.
    """
    require_channels("batch_norm", x, eps, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var)
    if not 0 <= momentum <= 1:
        raise invalid("batch_norm", "momentum", momentum, "0 <= momentum <= 1")
    low = running_var.min(initial=0)
    if not low >= 0:
        raise invalid("batch_norm", "running_var", f"{low} somewhere", ">= 0")
    values = positions(x)
    m = values.shape[0] * values.shape[2]
    if training:
        if not m > 1:
            raise invalid("batch_norm", "x", f"of shape {x.shape}", "more than one value a channel in training")
        mean = np.einsum("ncs->c", values) / m
        centred = values - mean[:, None]
        var = np.einsum("ncs,ncs->c", centred, centred) / m
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * (var * (m / (m - 1)) if unbiased else var)
    else:
        centred, var = values - running_mean[:, None], running_var
        zeros = np.zeros_like(
            weight
        )  # copies, so that results do not change when the arguments do; of the kind of array that weight is
        new_mean, new_var = running_mean + zeros, running_var + zeros
    rstd = 1 / np.sqrt(var + eps)
    y = centred * (weight * rstd)[:, None]
    y += bias[:, None]
    return (y.reshape(x.shape), new_mean, new_var), (centred, rstd, weight, training)


def backward(dout: tuple[Array, Any, Any], cache: Cache) -> tuple[Array, Array, Array]:
    """dout: dy (N, C, ...), and two of running statistics, ignored -> dx (N, C, ...), dweight, dbias (C,)."""
    centred, rstd, weight, training = cache
    dy = dout[0].reshape(centred.shape)
    dbias, dweight = np.einsum("ncs->c", dy), np.einsum("ncs,ncs->c", dy, centred) * rstd
    scale = (weight * rstd)[:, None]
    if not training:
        return (dy * scale).reshape(dout[0].shape), dweight, dbias
    m = centred.shape[0] * centred.shape[2]
    dx = centred * (dweight * rstd / -m)[:, None]
    dx += dy
    dx -= (dbias / m)[:, None]
    dx *= scale
    return dx.reshape(dout[0].shape), dweight, dbias


def domain(pick: Pick) -> Arguments:
    positions_ = any_shape(pick, 0, 2)
    n, c = pick.size(1 if math.prod(positions_) > 1 else 2, 4), pick.size(1, 3)
    return scaled(pick, n, c, *positions_, channels=(c,)), {
        "running_mean": pick.floats(c),
        "running_var": pick.floats(c, low=0.25),
        "training": pick.one_of(True, False),
        "momentum": pick.one_of(0.1, 0.0, 0.01, 1.0),
        "eps": pick.one_of(*EPS),
        "unbiased": pick.one_of(True, False),
    }


def _running(channels: int, **options: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {"running_mean": rng.normal(size=channels), "running_var": rng.uniform(0.5, 2, size=channels), **options}


CASES = [
    Case("generic", channel_inputs(2, 6, 2, 2), _running(6)),
    Case("features", channel_inputs(7, 3), _running(3)),
    Case("sequence", channel_inputs(3, 2, 5), _running(2, momentum=0.25)),
    Case("running_var_biased", channel_inputs(2, 6, 2, 2), _running(6, unbiased=False)),
    Case("defaults_of_keras", channel_inputs(2, 6, 2, 2), _running(6, unbiased=False, momentum=0.01, eps=1e-3)),
    Case("evaluation", channel_inputs(2, 6, 2, 2), _running(6, training=False)),
    Case("evaluation_of_one", channel_inputs(1, 1, mean=3, deviation=0.25), _running(1, training=False)),
    Case("two_values", channel_inputs(2, 3), _running(3, eps=0.5)),
    Case("mean_100", channel_inputs(2, 6, 2, 2, mean=100), _running(6)),
    Case("large", channel_inputs(4, 16, 8, 8), _running(16)),
    Case("constant", channel_inputs(2, 6, 2, 2, mean=3, deviation=0), _running(6), zero=("weight",)),
    # Implementations that write x w / sqrt(v + eps) + (b - mean w / sqrt(v + eps)) cancel here.
    Case(
        "evaluation_near_the_mean",
        channel_inputs(4, 1, mean=1000, deviation=0.25),
        {"running_mean": np.array([1000.0]), "running_var": np.array([1.0]), "training": False},
    ),
]
