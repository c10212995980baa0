"""Local response normalisation: each channel is divided by a power of the energy of its neighbours.

    d_c = k + alpha / size * sum_{j in W(c)} x_j^2        y_c = x_c d_c^-beta

where the window W(c) holds size channels around c, from c - size // 2 to c + (size - 1) // 2, as far as they exist.

Derivation.  y_c depends on x_c directly, and on every x_j of its window through d_c, dd_c/dx_j = 2 alpha / size x_j:

    dx_j = dout_j d_j^-beta - 2 alpha beta / size * x_j * sum_{c: j in W(c)} dout_c x_c d_c^-(beta + 1)

The second sum runs over the mirrored window, from j - (size - 1) // 2 to j + size // 2: the same one where size is odd.

Shapes: x, y (N, C, ...).
Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NeurIPS 2012. There
and in TensorFlow alpha is not divided by size; PyTorch divides, as here. TensorFlow takes a depth_radius, with size =
2 depth_radius + 1, and supports only float32 and narrower dtypes.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

Cache = tuple[Array, Array, Array, int, float, float]


def forward(x: Array, /, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> tuple[Array, Cache]:
    """y = x (k + alpha / size * sum of squares over size channels)^-beta. x (N, C, ...) -> y (N, C, ...).

    Raises ValueError where x has no channels, and for a size, alpha or k that would let the power's base vanish.
    """
    require_floats("local_response_norm", x=x)
    if not x.ndim >= 2:
        raise invalid("local_response_norm", "x", f"of shape {x.shape}", "(N, C, ...)")
    if not size >= 1:
        raise invalid("local_response_norm", "size", size, "size >= 1")
    if not alpha >= 0:
        raise invalid("local_response_norm", "alpha", alpha, "alpha >= 0")
    if not k > 0:
        raise invalid("local_response_norm", "k", k, "k > 0")
    d = _window_sum(x * x, size // 2, (size - 1) // 2)
    d *= alpha / size
    d += k
    scale = d**-beta
    return x * scale, (x, d, scale, size, alpha, beta)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, ...) -> dx (N, C, ...)."""
    x, d, scale, size, alpha, beta = cache
    direct = dout * scale
    dx = _window_sum(direct * x / d, (size - 1) // 2, size // 2)
    dx *= x
    dx *= -2 * alpha * beta / size
    dx += direct
    return (dx,)


def _window_sum(x: Array, before: int, after: int) -> Array:
    """For each channel the sum of x over it, `before` channels before it and `after` channels after it. (N, C, ...)."""
    total = x.copy()
    for shift in range(1, min(before, x.shape[1] - 1) + 1):
        total[:, shift:] += x[:, :-shift]
    for shift in range(1, min(after, x.shape[1] - 1) + 1):
        total[:, :-shift] += x[:, shift:]
    return total


def domain(pick: Pick) -> Arguments:
    space = any_shape(pick, 1, 2)  # PyTorch needs at least one position
    return (pick.floats(pick.size(1, 2), pick.size(), *space),), {
        "size": pick.size(1, 5),
        "alpha": pick.one_of(1.0, 1e-4, 0.0),
        "beta": pick.one_of(0.75, 0.5, 1.0),
        "k": pick.one_of(1.0, 2.0, 0.5),
    }


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape),)


CASES = [
    Case("generic", _inputs(2, 7, 2, 3), {"size": 3, "alpha": 0.6, "beta": 0.75, "k": 2.0}),
    Case("one", _inputs(1, 1, 1, 1), {"size": 1, "alpha": 0.5}),
    Case("even_size", _inputs(2, 7, 2, 3), {"size": 4, "alpha": 2.0}),
    Case("wider_than_channels", _inputs(2, 3, 2, 3), {"size": 9, "alpha": 2.0}),
    Case("sequence", _inputs(3, 5, 4), {"size": 3, "alpha": 1.0, "beta": 0.5}),
    Case("of_alexnet", _inputs(2, 7, 2, 3), {"size": 5, "alpha": 5e-4, "beta": 0.75, "k": 2.0}),
    Case("large", lambda rng: (4 * rng.normal(size=(4, 32, 6, 6)),), {"size": 5, "alpha": 1.0}),
    Case("zero", lambda rng: (np.zeros((2, 3, 2, 3)),), {"size": 3, "alpha": 1.0}),
    Case("alpha_0", _inputs(2, 3, 2, 3), {"size": 3, "alpha": 0.0, "k": 2.0}),
]
