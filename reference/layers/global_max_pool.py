"""Global max pooling: the largest element of each channel over all positions.

    y_nc = max_s x_ncs

Derivation.  Near a point where the largest element is unique y is that element and nothing else:

    dx_ncs = dout_nc * [s is where x_nc is largest]

Where several elements are largest, any distribution of the gradient among them is a subgradient. Here the first gets all of it,
as in PyTorch. TensorFlow and JAX give each an equal share.

Shapes: x (N, C, ...) with at least one spatial axis, y (N, C).
Source: Oquab et al., "Is object localization for free?", CVPR 2015.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from .max_pool2d import distinct

Cache = tuple[Array, tuple[int, ...]]


def forward(x: Array, /) -> tuple[Array, Cache]:
    """The maximum over space. x (N, C, ...) -> y (N, C).

    Raises ValueError where x is no array of floats, or has no spatial axis or one without elements.
    """
    require_floats("global_max_pool", x=x)
    if not (x.ndim > 2 and min(x.shape[2:]) > 0):
        raise invalid("global_max_pool", "x", f"of shape {x.shape}", "(N, C, ...) of some space")
    flat = x.reshape(*x.shape[:2], -1)
    winner = flat.argmax(axis=2, keepdims=True)
    return np.take_along_axis(flat, winner, axis=2)[:, :, 0], (winner, x.shape)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C) -> dx (N, C, ...)."""
    winner, shape = cache
    dx = np.zeros_like(dout, shape=shape)
    np.put_along_axis(dx.reshape(*dout.shape, -1), winner, dout[:, :, None], axis=2)
    return (dx,)


def domain(pick: Pick) -> Arguments:
    return (pick.distinct(pick.size(1, 2), pick.size(1, 2), *any_shape(pick)),), {}


CASES = [
    Case("generic", distinct(2, 3, 4, 5)),
    Case("one", distinct(1, 1, 1, 1)),
    Case("sequence", distinct(2, 3, 7)),
    Case("volume", distinct(2, 3, 2, 3, 4)),
    Case("large", distinct(4, 16, 15, 16)),
    Case("tied", lambda rng: (np.array([[[[1.0, 3.0], [3.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]]]),), kink=True),
]
