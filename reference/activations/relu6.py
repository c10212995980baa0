"""Rectified linear unit, capped at 6.

    y = min(max(x, 0), 6)

Derivation.  y = x strictly between the kinks and constant outside them:

    dx = dout * [0 < x < 6]

At 0 and 6 everything between 0 and 1 is a subgradient; we take 0, as the frameworks do.

Shapes: x, y (...).
Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
"""

import numpy as np

from reference.case import Array, Case, require_floats

KINKS = (0.0, 6.0)


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = min(max(x, 0), 6). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("relu6", x=x)
    return np.clip(x, 0, 6), x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * ((x > 0) & (x < 6)),)


def _away(rng: np.random.Generator, *shape: int) -> Array:
    """Normal numbers at least 0.05 away from the kinks."""
    x = 4 * rng.normal(size=shape)
    for kink in KINKS:
        x = np.where(np.abs(x - kink) < 0.05, x + 0.1, x)
    return x


CASES = [
    Case("generic", lambda rng: (_away(rng, 4, 5),)),
    Case("one", lambda rng: (rng.uniform(1, 5, size=(1, 1)),)),
    Case("odd", lambda rng: (_away(rng, 3, 7, 5),)),
    Case("large", lambda rng: (_away(rng, 64, 257),)),
    Case("at_the_kinks", lambda rng: (np.array([-1.0, 0.0, 3.0, 6.0, 7.0]),), kink=True),
]
