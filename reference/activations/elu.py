"""Exponential linear unit.

    y = x where x > 0, alpha (exp(x) - 1) elsewhere

Derivation.  d(alpha (e^x - 1))/dx = alpha e^x, so

    dx = dout * (1 where x > 0, alpha exp(x) elsewhere)

For alpha = 1 the two meet smoothly at 0, otherwise with a kink, where we take alpha. exp of a positive x is never taken: it
might overflow in the branch that is not chosen.

Shapes: x, y (...).
Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units", ICLR 2016.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /, *, alpha: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """y = x where x > 0, alpha (exp(x) - 1) elsewhere. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("elu", x=x)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), (x, alpha)


def backward(dout: Array, cache: tuple[Array, float]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, alpha = cache
    return (dout * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))),)


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
    Case("alpha", lambda rng: (_away(rng, 3, 4),), {"alpha": 0.25}),
    Case("smooth_at_zero", lambda rng: (np.array([-1.0, 0.0, 1.0]),)),
    Case("at_zero", lambda rng: (np.array([-1.0, 0.0, 1.0]),), {"alpha": 0.5}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    alpha = pick.one_of(1.0, 0.25, 2.5)
    return (pick.floats(*any_shape(pick), besides=() if alpha == 1 else (0.0,)),), {"alpha": alpha}
