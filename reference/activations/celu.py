"""Continuously differentiable exponential linear unit.

    y = max(x, 0) + min(0, alpha (exp(x / alpha) - 1))

Derivation.  d(alpha (e^(x/alpha) - 1))/dx = e^(x/alpha), which is 1 at 0 for every alpha: no kink.

    dx = dout * (1 where x > 0, exp(x / alpha) elsewhere)

Shapes: x, y (...).
Source: Barron, "Continuously differentiable exponential linear units", 2017.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /, *, alpha: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """y = max(x, 0) + min(0, alpha (exp(x / alpha) - 1)). x (...) -> y (...).

    Raises ValueError where x is not an array of floats, or alpha is zero.
    """
    require_floats("celu", x=x)
    if alpha == 0:
        raise invalid("celu", "alpha", alpha, "another number than 0")
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)), (x, alpha)


def backward(dout: Array, cache: tuple[Array, float]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, alpha = cache
    return (dout * np.exp(np.minimum(x, 0) / alpha),)


def _away(rng: np.random.Generator, *shape: int) -> Array:
    """Normal numbers at least 0.05 away from 0."""
    x = 2 * rng.normal(size=shape)
    return x + np.copysign(0.05, x)


CASES = [
    Case("generic", lambda rng: (_away(rng, 4, 5),)),
    Case("one", lambda rng: (-np.ones((1, 1)),)),
    Case("odd", lambda rng: (_away(rng, 3, 7, 5),)),
    Case("large", lambda rng: (_away(rng, 64, 257),)),
    Case("tails", lambda rng: (np.array([-100.0, -40.0, -10.0, -1e-6, 1e-6, 10.0, 100.0]),)),
    Case("alpha", lambda rng: (_away(rng, 3, 4),), {"alpha": 2.5}),
    Case("alpha_not_exact_in_binary", lambda rng: (_away(rng, 3, 4),), {"alpha": 1.7}),
    Case("at_zero", lambda rng: (np.array([-1.0, 0.0, 1.0]),), {"alpha": 0.5}),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick)),), {"alpha": pick.one_of(1.0, 0.5, 2.5, -2.0)}
