"""Gaussian error linear unit, approximated by tanh.

    y = x (1 + tanh(c (x + a x^3))) / 2,  c = sqrt(2 / pi), a = 0.044715

Derivation.  With t the tanh, t' = 1 - t^2, and the inner derivative c (1 + 3 a x^2):

    dx = dout * ((1 + t) / 2 + x (1 - t^2) c (1 + 3 a x^2) / 2)

Shapes: x, y (...).
Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape

C = float(np.sqrt(2 / np.pi))
A = 0.044715


def forward(x: Array, /) -> tuple[Array, tuple[Array, Array]]:
    """y = x (1 + tanh(c (x + a x^3))) / 2,  c = sqrt(2 / pi), a = 0.044715. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("gelu_tanh", x=x)
    t = np.tanh(C * (x + A * x * x * x))
    return x * (1 + t) / 2, (x, t)


def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, t = cache
    return (dout * ((1 + t) / 2 + x * ((1 - t) * (1 + t)) * (C * (1 + 3 * A * x * x)) / 2),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-20.0, -8.0, -1.5, -1e-5, 0.0, 1e-5, 1.5, 8.0, 20.0]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick)),), {}
