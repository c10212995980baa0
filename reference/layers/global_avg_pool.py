"""Global average pooling: the mean of each channel over all positions.

    y_nc = (1 / S) sum_s x_ncs

Derivation.  dy/dx_s = 1 / S:

    dx_ncs = dout_nc / S

Shapes: x (N, C, ...) with at least one spatial axis, of S elements together; y (N, C).
Source: Lin, Chen and Yan, "Network in network", ICLR 2014.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from .avg_pool2d import normal


def forward(x: Array, /) -> tuple[Array, tuple[int, ...]]:
    """The mean over space. x (N, C, ...) -> y (N, C).

    Raises ValueError where x is no array of floats, or has no spatial axis or one without elements.
    """
    require_floats("global_avg_pool", x=x)
    if not (x.ndim > 2 and min(x.shape[2:]) > 0):
        raise invalid("global_avg_pool", "x", f"of shape {x.shape}", "(N, C, ...) of some space")
    return x.mean(axis=tuple(range(2, x.ndim))), x.shape


def backward(dout: Array, cache: tuple[int, ...]) -> tuple[Array]:
    """dout (N, C) -> dx (N, C, ...)."""
    space = cache[2:]
    share = dout / np.prod(space, dtype=dout.dtype)
    return (np.broadcast_to(share.reshape(*dout.shape, *[1] * len(space)), cache, subok=True),)


def domain(pick: Pick) -> Arguments:
    return (pick.floats(pick.size(1, 2), pick.size(1, 2), *any_shape(pick)),), {}


CASES = [
    Case("generic", normal(2, 3, 4, 5)),
    Case("one", normal(1, 1, 1, 1)),
    Case("sequence", normal(2, 3, 7)),
    Case("volume", normal(2, 3, 2, 3, 4)),
    Case("large", normal(4, 16, 15, 16)),
    Case("offset", lambda rng: (100 + rng.normal(size=(2, 3, 4, 5)),)),
]
