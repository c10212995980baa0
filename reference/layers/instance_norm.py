"""Instance normalisation: each channel of each sample standardised over its own positions, then scaled and shifted.

    xhat = (x - mean) / sqrt(var + eps)  within a channel of a sample        y = xhat * weight + bias

Derivation.  It is group normalisation with a group for each channel, and so are its gradients (reference/layers/group_norm.py).
Where a channel has one position its variance is zero and y = bias, whatever x.

Shapes: x, y (N, C, ...), weight, bias (C,).
Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016. Defaults of
eps differ: 1e-5 here and in PyTorch, which raises for a single position; 1e-6 in flax. In Keras it is
GroupNormalization(groups=-1), with eps 1e-3.
"""

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from . import group_norm
from .standardize import EPS, channel_inputs, require_channels, scaled


def forward(x: Array, weight: Array, bias: Array, /, *, eps: float = 1e-5) -> tuple[Array, group_norm.Cache]:
    """y = xhat * weight + bias. x (N, C, ...), weight, bias (C,) -> y (N, C, ...).

    Raises ValueError where the dtypes or shapes do not fit, and where there is no channel or no position.
    """
    require_channels("instance_norm", x, eps, weight=weight, bias=bias)
    if not (x.ndim >= 3 and 0 not in x.shape[1:]):
        raise invalid("instance_norm", "x", f"of shape {x.shape}", "(N, C, ...) with a position")
    return group_norm.forward(x, weight, bias, groups=len(weight), eps=eps)


def backward(dout: Array, cache: group_norm.Cache) -> tuple[Array, Array, Array]:
    """dout (N, C, ...) -> dx (N, C, ...), dweight, dbias (C,)."""
    return group_norm.backward(dout, cache)


def domain(pick: Pick) -> Arguments:
    *positions, last = any_shape(pick, 1, 2)
    c = pick.size(1, 3)
    return scaled(pick, pick.size(1, 2), c, *positions, last + 1, channels=(c,)), {"eps": pick.one_of(*EPS)}


CASES = [
    Case("generic", channel_inputs(2, 6, 2, 2)),
    Case("two_positions", channel_inputs(2, 3, 2), {"eps": 0.5}),
    Case("odd", channel_inputs(1, 9, 5)),
    Case("mean_100", channel_inputs(2, 6, 2, 2, mean=100)),
    Case("large", channel_inputs(4, 16, 8, 8)),
    Case("constant", channel_inputs(2, 6, 2, 2, mean=3, deviation=0), zero=("weight",)),
    Case("eps_of_flax", channel_inputs(2, 6, 2, 2), {"eps": 1e-6}),
]
