"""Layer normalisation: each sample standardised over its own features, then scaled and shifted.

    xhat = (x - mean) / sqrt(var + eps)        y = xhat * weight + bias

with mean and (biased) variance over the trailing axes, as many as weight has.

Derivation.  The cotangent of xhat is g = dout * weight. The vjp of standardising removes its parts along 1 and along xhat
(reference/layers/standardize.py):

    dx = rstd * (g - mean(g) - xhat * mean(g * xhat))        dweight = sum dout * xhat        dbias = sum dout

summed over the leading axes. The three sums over g xhat = dout weight xhat and dout xhat are matrix products with one array,
dout (x - mean), and rstd and weight. With two features xhat is (-1, 1) or (1, -1) but for eps, for any x: dx is as small as eps.

Shapes: x, y (..., *F), weight, bias F.
Source: Ba, Kiros and Hinton, "Layer normalization", 2016. Defaults of eps differ: 1e-5 here and in PyTorch, 1e-3 in Keras,
1e-6 in flax. flax computes the variance as mean(x^2) - mean^2 unless told otherwise: on float32 data of mean 1000 and deviation 1
its y was off by up to 0.9, and by 1e-4 with use_fast_variance=False, which the adapter passes.
"""

import numpy as np

from ..case import Array, Case, Inputs
from ..domain import Arguments, Pick
from ..passes import add_row, outer
from .standardize import EPS, require_trailing, scaled, standardize, standardize_backward, trailing

Cache = tuple[Array, Array, Array]


def forward(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """y = xhat * weight + bias. x (..., *F), weight, bias F -> y (..., *F).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    require_trailing("layer_norm", x, eps, weight=weight, bias=bias)
    centred, rstd = standardize(x.reshape(-1, weight.size), eps)
    y = outer(rstd[:, 0], weight.reshape(-1))
    y *= centred
    add_row(y, bias.reshape(-1))
    return y.reshape(x.shape), (centred, rstd, weight)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (..., *F) -> dx (..., *F), dweight F, dbias F."""
    centred, rstd, weight = cache
    rows, scale = dout.reshape(centred.shape), weight.reshape(-1)
    products = rows * centred
    dweight, sum_g_centred = rstd[:, 0] @ products, products @ scale
    dbias, sum_g = np.ones(len(rows), rows.dtype) @ rows, rows @ scale
    g_rstd = outer(rstd[:, 0], scale, out=products)
    g_rstd *= rows
    dx = standardize_backward(g_rstd, sum_g[:, None], sum_g_centred[:, None], centred, rstd)
    return dx.reshape(dout.shape), dweight.reshape(weight.shape), dbias.reshape(weight.shape)


def domain(pick: Pick) -> Arguments:
    leading, features = trailing(pick)
    return scaled(pick, *leading, *features, channels=features), {"eps": pick.one_of(*EPS)}


def _inputs(*shape: int, features: int = 1, mean: float = 0) -> Inputs:
    return lambda rng: (
        mean + rng.normal(size=shape),
        rng.normal(size=shape[-features:]),
        rng.normal(size=shape[-features:]),
    )


_FIRST_ROW_0 = np.array([[0.0], [1.0], [1.0], [1.0]])

CASES = [
    Case("generic", _inputs(4, 5)),
    Case("one_feature", _inputs(3, 1), zero=("x", "weight")),
    Case("two_features", _inputs(3, 2), {"eps": 0.5}),
    Case("vector", _inputs(5)),
    Case("two_axes", _inputs(2, 3, 5, features=2)),
    Case("rows_of_three", _inputs(17, 3)),  # `add_row` takes several rows at a time, and one is left over
    Case("sequence_large", _inputs(8, 16, 96)),
    Case("mean_100", _inputs(4, 5, mean=100)),
    Case("scale_1000", lambda rng: (1000 * rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5))),
    Case("constant_row", lambda rng: (3 + _FIRST_ROW_0 * rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5))),
    Case("eps_of_keras", _inputs(4, 5), {"eps": 1e-3}),
]
