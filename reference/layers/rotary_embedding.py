"""Rotary position embedding: pairs of features are rotated by an angle that grows with the position.

    angle_ti = (offset + t) base^(-2i/E),    i = 0 ... E/2 - 1

    y_a = x_a cos(angle) - x_b sin(angle)
    y_b = x_a sin(angle) + x_b cos(angle)

where (a, b) is the i-th pair: neighbours (2i, 2i + 1) when interleaved, else (i, i + E/2), one from each half.

Derivation.  A rotation is linear, and its transpose is the inverse rotation:

    dx_a = dout_a cos(angle) + dout_b sin(angle)        dx_b = dout_b cos(angle) - dout_a sin(angle)

The two pairings are the same map up to a permutation of the features, but a model trained with one does not work with the other.
The product of a query and a key that are both rotated depends on the difference of their positions alone.

Shapes: x, y (..., T, E), E even.
Source: Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021 (interleaved); the halves are those of
GPT-NeoX and of LLaMA in Hugging Face's transformers. The angles are computed in the dtype of x, and their error, angle times unit
roundoff, is part of the result. None of the three frameworks has the function in its core.
"""

from typing import NamedTuple

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape


class Cache(NamedTuple):
    """cos and sin of the angles, (T, E/2), and how features are paired."""

    cos: Array
    sin: Array
    interleaved: bool


def forward(x: Array, /, *, base: float = 10_000.0, offset: int = 0, interleaved: bool = True) -> tuple[Array, Cache]:
    """y = x, pairs of features turned by (offset + t) base^(-2i/E). x (..., T, E) -> y (..., T, E).

    offset is the position of the first row: a decoder that goes on after T rows passes T.

    Raises ValueError where x is not an array of floats of shape (..., T, E) with an even E, base <= 0, or offset < 0.
    """
    require_floats("rotary_embedding", x=x)
    if not (x.ndim >= 2 and x.shape[-1] % 2 == 0):
        raise invalid("rotary_embedding", "x", f"of shape {x.shape}", "(..., T, E) with an even E")
    if not base > 0:
        raise invalid("rotary_embedding", "base", base, "base > 0")
    if not offset >= 0:
        raise invalid("rotary_embedding", "offset", offset, "offset >= 0")
    length, width = x.shape[-2:]
    frequencies = base ** (_count(x, width // 2) * -2 / max(width, 1))
    angles = _count(x, length, offset)[:, None] * frequencies
    cache = Cache(np.cos(angles), np.sin(angles), interleaved)
    return _turned(x, cache.cos, cache.sin, interleaved), cache


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (..., T, E) -> dx (..., T, E)."""
    return (_turned(dout, cache.cos, -cache.sin, cache.interleaved),)


def _turned(x: Array, cos: Array, sin: Array, interleaved: bool) -> Array:
    half = x.shape[-1] // 2
    first, second = (np.s_[..., 0::2], np.s_[..., 1::2]) if interleaved else (np.s_[..., :half], np.s_[..., half:])
    a, b = x[first], x[second]
    y = np.empty_like(x)
    y[first] = a * cos - b * sin
    y[second] = a * sin + b * cos
    return y


def _count(x: Array, n: int, start: int = 0) -> Array:
    """start, start + 1, ... in the dtype and the subclass of x, so that later roundings are watched."""
    counted = np.empty_like(x, shape=n)
    counted[...] = np.arange(start, start + n)
    return counted


def domain(pick: Pick) -> Arguments:
    batch = any_shape(pick, 0, 2)
    return (pick.floats(*batch, pick.size(1, 3), 2 * pick.size(1, 2)),), {
        "base": pick.one_of(10_000.0, 500.0, 1.0),
        "offset": pick.one_of(0, 1, 37),
        "interleaved": pick.one_of(True, False),
    }


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape),)


CASES = [
    Case("generic", _inputs(2, 5, 6)),
    Case("one", _inputs(1, 2)),
    Case("heads", _inputs(2, 3, 5, 6)),
    Case("halves", _inputs(2, 5, 6), {"interleaved": False}),
    Case("base", _inputs(2, 5, 6), {"base": 500.0}),
    Case("offset", _inputs(2, 5, 6), {"offset": 37}),
    Case("offset_halves", _inputs(2, 5, 6), {"offset": 4096, "interleaved": False}),
    Case("large", _inputs(4, 64, 32)),
]
