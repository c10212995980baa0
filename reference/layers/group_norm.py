"""Group normalisation: the channels of each sample in groups, each group standardised over its channels and positions.

    xhat = (x - mean) / sqrt(var + eps)  within a sample's group        y = xhat * weight + bias  within a channel

Derivation.  As for layer normalisation, with the group in the place of the features: with g = dout * weight,

    dx = rstd * (g - mean(g) - xhat * mean(g * xhat))        dweight = sum dout * xhat        dbias = sum dout

where means run over the group (reference/layers/standardize.py) and sums over samples and positions. One group is layer
normalisation over all but the batch, with a weight for each channel; a group for each channel is instance normalisation.

Shapes: x, y (N, C, ...), weight, bias (C,); groups divides C, and the channels of a group are neighbours.
Source: Wu and He, "Group normalization", ECCV 2018. Defaults of eps differ: 1e-5 here and in PyTorch, 1e-3 in Keras, 1e-6 in
flax.
"""

import math

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from ..passes import dot_along, sum_along
from .standardize import (
    EPS,
    channel_inputs,
    positions,
    require_channels,
    scaled,
    standardize,
    standardize_backward,
)

Cache = tuple[Array, Array, Array]


def forward(x: Array, weight: Array, bias: Array, /, *, groups: int, eps: float = 1e-5) -> tuple[Array, Cache]:
    """y = xhat * weight + bias. x (N, C, ...), weight, bias (C,) -> y (N, C, ...).

    Raises ValueError where the dtypes or shapes do not fit, where groups does not divide C, and where a group is empty.
    """
    require_channels("group_norm", x, eps, weight=weight, bias=bias)
    channels = x.shape[1]
    if not (groups > 0 and channels % groups == 0):
        raise invalid("group_norm", "groups", groups, f"a divisor of {channels}, the channels of x")
    values = positions(x)
    group = (len(x), groups, channels // groups * values.shape[2])
    if not group[2] > 0:
        raise invalid("group_norm", "x", f"of shape {x.shape}", "at least one value in a group")
    centred, rstd = standardize(values.reshape(group), eps)
    y = centred.reshape(values.shape) * (_of_channel(rstd, channels) * weight[:, None])
    y += bias[:, None]
    return y.reshape(x.shape), (centred, rstd, weight)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (N, C, ...) -> dx (N, C, ...), dweight, dbias (C,)."""
    centred, rstd, weight = cache
    dy = positions(dout)
    products = np.vecdot(dy, centred.reshape(dy.shape))  # (N, C)
    dweight = (products * _of_channel(rstd, len(weight))[..., 0]).sum(axis=0)
    g = (dy * weight[:, None]).reshape(centred.shape)
    sum_g, sum_g_centred = sum_along(g), dot_along(g, centred)
    g *= rstd
    dx = standardize_backward(g, sum_g, sum_g_centred, centred, rstd)
    return dx.reshape(dout.shape), dweight, np.einsum("ncs->c", dy)


def _of_channel(rstd: Array, channels: int) -> Array:
    """From groups (N, groups, 1) to their channels (N, C, 1)."""
    return np.repeat(rstd, channels // rstd.shape[1], axis=1)


def domain(pick: Pick) -> Arguments:
    positions_, groups = any_shape(pick, 0, 2), pick.size(1, 3)
    c = groups * pick.size(1 if math.prod(positions_) > 1 else 2, 3)
    return scaled(pick, pick.size(1, 2), c, *positions_, channels=(c,)), {"groups": groups, "eps": pick.one_of(*EPS)}


CASES = [
    Case("generic", channel_inputs(2, 6, 2, 2), {"groups": 3}),
    Case("one_value_in_a_group", channel_inputs(2, 3, 1), {"groups": 3}, zero=("x", "weight")),
    Case("one_group", channel_inputs(2, 6, 2, 2), {"groups": 1}),
    Case("group_of_each_channel", channel_inputs(2, 6, 2, 2), {"groups": 6}),
    Case("features", channel_inputs(5, 6), {"groups": 2}),
    Case("odd", channel_inputs(1, 9, 5), {"groups": 3}),
    Case("mean_100", channel_inputs(2, 6, 2, 2, mean=100), {"groups": 3}),
    Case("large", channel_inputs(4, 16, 8, 8), {"groups": 4}),
    Case("constant", channel_inputs(2, 6, 2, 2, mean=3, deviation=0), {"groups": 3}, zero=("weight",)),
    Case("eps_of_keras", channel_inputs(2, 6, 2, 2), {"groups": 3, "eps": 1e-3}),
]
