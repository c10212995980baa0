"""Layer normalisation: each sample standardised over its own features, then scaled and shifted.

    xhat = (x - mean) / sqrt(var + eps)        y = xhat * weight + bias

with mean and (biased) variance over the trailing axes, as many as weight has.

Derivation.  With s = rstd * weight * dout, which is the cotangent of xhat times rstd, the vjp of xhat takes out what s
has along 1 and along xhat (reference/layers/standardize.py):

    dx = s - mean(s) - xhat * mean(s * xhat)        dweight = sum dout * xhat        dbias = sum dout

summed over the leading axes. With two features xhat is (-1, 1) or (1, -1) but for eps, whatever x: dx is as small as eps.

Shapes: x, y (..., *F), weight, bias F.
Source: Ba, Kiros and Hinton, "Layer normalization", 2016. Defaults of eps differ: 1e-5 here and in PyTorch, 1e-3 in Keras,
1e-6 in flax. flax computes the variance as mean(x^2) - mean^2 unless told otherwise: on float32 data of mean 1000 and deviation 1
its y was off by up to 0.9, and by 1e-4 with use_fast_variance=False, which the adapter passes.
"""

import numpy as np

from reference.case import Array, Case, Inputs
from reference.layers.standardize import project, require_trailing, standardize

Cache = tuple[Array, Array, Array]


def forward(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """y = xhat * weight + bias. x (..., *F), weight, bias F -> y (..., *F).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    require_trailing("layer_norm", x, eps, weight=weight, bias=bias)
    xhat, rstd = standardize(x.reshape(-1, weight.size), eps)
    y = xhat * weight.reshape(-1)
    y += bias.reshape(-1)
    return y.reshape(x.shape), (xhat, rstd, weight)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (..., *F) -> dx (..., *F), dweight F, dbias F."""
    xhat, rstd, weight = cache
    rows = dout.reshape(xhat.shape)
    dweight = np.einsum("mf,mf->f", rows, xhat)
    s = np.einsum("mf,mi,f->mf", rows, rstd, weight.reshape(-1))  # one pass over memory for two products
    dx = project(s, xhat)
    return dx.reshape(dout.shape), dweight.reshape(weight.shape), rows.sum(axis=0).reshape(weight.shape)


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
    Case("sequence_large", _inputs(8, 16, 96)),
    Case("mean_100", _inputs(4, 5, mean=100)),
    Case("scale_1000", lambda rng: (1000 * rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5))),
    Case("constant_row", lambda rng: (3 + _FIRST_ROW_0 * rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5))),
    Case("eps_of_keras", _inputs(4, 5), {"eps": 1e-3}),
]
