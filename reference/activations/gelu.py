"""Gaussian error linear unit, exact.

    y = x Phi(x),    Phi(x) = (1 + erf(x / sqrt(2))) / 2 = erfc(-x / sqrt(2)) / 2

Derivation.  Phi' is the normal density phi(x) = exp(-x^2 / 2) / sqrt(2 pi), hence

    dx = dout * (Phi(x) + x phi(x))

For very negative x the first form of Phi is 1 - 1: from x = -6 on it is 0 in float32, from x = -9 on in float64. Phi comes from
the second (reference/special.py), so that y and dx keep their digits down to where they underflow, as in TensorFlow and JAX;
PyTorch writes 1 + erf, which shows where nothing but the tail is asked for.

Shapes: x, y (...).
Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape
from ..passes import pieces
from ..special import fill_normal


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = x Phi(x). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("gelu", x=x)
    flat = x.reshape(-1)
    y, derivative = np.empty_like(flat), np.empty_like(flat)
    for x_, slope, y_ in pieces(flat, derivative, y):
        fill_normal(x_, density=slope, distribution=y_)  # phi and Phi
        np.multiply(slope, x_, out=slope)
        np.add(slope, y_, out=slope)
        np.multiply(y_, x_, out=y_)
    return y.reshape(x.shape), derivative.reshape(x.shape)


def backward(dout: Array, derivative: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    return (dout * derivative,)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.uniform(-1, 3, size=(1, 1)),)),  # where 1 + erf has its digits: see found_29ad50ea
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-20.0, -8.0, -1.5, -1e-5, 0.0, 1e-5, 1.5, 8.0, 20.0]),)),
    Case("negative_tail", lambda rng: (-np.linspace(9, 12, 7),)),
    Case("found_29ad50ea", lambda rng: (np.array([-3.375]),)),  # 1 + erf has lost three digits here already
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick)),), {}
