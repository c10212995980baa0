"""Inverted dropout: some entries are dropped, and the others scaled so that the expectation does not change.

    y = x / (1 - rate) where mask, 0 elsewhere

Derivation.  Linear in x, with the mask a constant:

    dx = dout / (1 - rate) where mask, 0 elsewhere

A dropped entry is multiplied by zero. An infinity becomes nan, as in PyTorch, and is not hidden.

The reference draws no random numbers: mask is an argument, True where an entry is kept. Frameworks draw their own masks, each
with its own generator.

Shapes: x, mask, y (...).
Source: Srivastava et al., "Dropout", JMLR 2014, which scales at test time instead; inverted dropout is what frameworks compute.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /, *, mask: Array, rate: float) -> tuple[Array, tuple[Array, float]]:
    """y = x / (1 - rate) where mask, 0 elsewhere. x, mask (...) -> y (...).

    Raises ValueError where x is not an array of floats, mask not one of booleans in its shape, or rate outside [0, 1).
    """
    require_floats("dropout", x=x)
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != x.shape:
        came = f"of dtype {mask.dtype} and of shape {mask.shape}" if isinstance(mask, np.ndarray) else f"a {type(mask).__name__}"
        raise invalid("dropout", "mask", came, f"booleans of shape {x.shape}")
    if not 0 <= rate < 1:
        raise invalid("dropout", "rate", rate, "0 <= rate < 1")
    return _dropped(x, mask, rate), (mask, rate)


def backward(dout: Array, cache: tuple[Array, float]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    return (_dropped(dout, *cache),)


def _dropped(x: Array, mask: Array, rate: float) -> Array:
    """The product with the mask. `where` takes seven times as long, because a processor cannot predict a random mask."""
    y = x / (1 - rate)
    y *= mask
    return y


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick, 0)
    return (pick.floats(*shape),), {"mask": pick.booleans(*shape), "rate": pick.one_of(0.0, 0.25, 0.5, 0.9)}


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape),)


def _mask(*shape: int, rate: float) -> dict[str, Array | float]:
    return {"mask": np.random.default_rng(0).random(size=shape) >= rate, "rate": rate}


CASES = [
    Case("generic", _inputs(4, 5), _mask(4, 5, rate=0.4)),
    Case("one_kept", _inputs(1), {"mask": np.array([True]), "rate": 0.5}),
    Case("nothing_dropped", _inputs(4, 5), _mask(4, 5, rate=0.0)),
    Case("everything_dropped", _inputs(4, 5), {"mask": np.zeros((4, 5), bool), "rate": 0.9}, zero=("x",)),
    Case("images", _inputs(2, 3, 5, 4), _mask(2, 3, 5, 4, rate=0.25)),
    Case("large", _inputs(64, 128), _mask(64, 128, rate=0.1)),
]
