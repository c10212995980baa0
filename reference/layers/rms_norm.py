"""Root mean square normalisation: each sample scaled to mean square one over its own features; nothing is subtracted.

    rrms = 1 / sqrt(mean(x^2) + eps)        xhat = x rrms        y = xhat * weight

with the mean over the trailing axes, as many as weight has.

Derivation.  drrms/dx_j = -rrms^3 x_j / n, so dxhat_i/dx_j = rrms ([i = j] - xhat_i xhat_j / n). With g = dout * weight

    dx = rrms * (g - xhat * mean(g * xhat))        dweight = sum dout * xhat  over the leading axes

This is layer normalisation without the part along 1. A shift of x changes y.

Shapes: x, y (..., *F), weight F.
Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019. Defaults of eps differ: 1e-6 here, in Keras and
in flax; in PyTorch the distance from 1 to the next number of the dtype.
"""

import numpy as np

from ..case import Array, Case, Inputs
from ..domain import Arguments, Pick
from ..passes import outer, pieces
from .standardize import EPS, require_trailing, scaled, trailing

Cache = tuple[Array, Array, Array]


def forward(x: Array, weight: Array, /, *, eps: float = 1e-6) -> tuple[Array, Cache]:
    """y = x / sqrt(mean(x^2) + eps) * weight. x (..., *F), weight F -> y (..., *F).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    require_trailing("rms_norm", x, eps, weight=weight)
    rows = x.reshape(-1, weight.size)
    rrms = 1 / np.sqrt(np.vecdot(rows, rows) / weight.size + eps)
    y = outer(rrms, weight.reshape(-1))
    y *= rows
    return y.reshape(x.shape), (rows, rrms, weight)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout (..., *F) -> dx (..., *F), dweight F."""
    x, rrms, weight = cache
    rows, scale = dout.reshape(x.shape), weight.reshape(-1)
    products = rows * x
    dweight, sum_g_x = rrms @ products, products @ scale
    dx = outer(rrms, scale, out=products)
    dx *= rows  # g rrms
    for piece, x_, slope in pieces(dx, x, (sum_g_x * rrms / weight.size * rrms * rrms)[:, None]):
        np.subtract(piece, x_ * slope, out=piece)
    return dx.reshape(dout.shape), dweight.reshape(weight.shape)


def domain(pick: Pick) -> Arguments:
    leading, features = trailing(pick)
    x, weight, _ = scaled(pick, *leading, *features, channels=features)
    return (x, weight), {"eps": pick.one_of(1e-6, *EPS)}


def _inputs(*shape: int, features: int = 1, mean: float = 0) -> Inputs:
    return lambda rng: (mean + rng.normal(size=shape), rng.normal(size=shape[-features:]))


_FIRST_ROW_0 = np.array([[0.0], [1.0], [1.0], [1.0]])

CASES = [
    Case("generic", _inputs(4, 5)),
    Case("one_feature", _inputs(3, 1), {"eps": 0.5}),
    Case("vector", _inputs(5)),
    Case("two_axes", _inputs(2, 3, 5, features=2)),
    Case("sequence_large", _inputs(8, 16, 96)),
    Case("mean_100", _inputs(4, 5, mean=100)),
    Case("zero_row", lambda rng: (_FIRST_ROW_0 * rng.normal(size=(4, 5)), rng.normal(size=5))),
    Case("eps_large", _inputs(4, 5), {"eps": 0.1}),
]
