"""Leaky rectified linear unit.

    y = x where x > 0, negative_slope * x elsewhere

Derivation.  Piecewise linear, so the derivative is the slope of the piece:

    dx = dout * (1 where x > 0, negative_slope elsewhere)

At 0 every slope between the two is a subgradient; we take negative_slope, as PyTorch and TensorFlow do; JAX takes 1. The
default slope is 0.01 in PyTorch and JAX, 0.2 in tf.nn and 0.3 in keras.layers.

Shapes: x, y (...).
Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML workshop 2013.
"""

import numpy as np

from ..case import Array, Case, away_from, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (0.0,)


def forward(x: Array, /, *, negative_slope: float = 0.01) -> tuple[Array, tuple[Array, float]]:
    """y = x where x > 0, negative_slope * x elsewhere. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("leaky_relu", x=x)
    return np.where(x > 0, x, negative_slope * x), (x, negative_slope)


def backward(dout: Array, cache: tuple[Array, float]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, negative_slope = cache
    return (np.where(x > 0, dout, negative_slope * dout),)


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),)),
    Case("one", lambda rng: (-np.ones((1, 1)),)),
    Case("odd", lambda rng: (away_from(KINKS, rng, 3, 7, 5),), {"negative_slope": 0.3}),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 257),)),
    Case("slope_above_one", lambda rng: (away_from(KINKS, rng, 3, 4),), {"negative_slope": 1.5}),
    Case("at_zero", lambda rng: (np.array([-1.0, 0.0, 0.0, 2.0]),), {"negative_slope": 0.25}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), besides=KINKS),), {"negative_slope": pick.one_of(0.01, 0.3, 1.5, -0.5)}
