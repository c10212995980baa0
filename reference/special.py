"""The error function, the normal density and the normal distribution, in NumPy, for every dtype.

    erf(x)  = 2/sqrt(pi) int_0^x exp(-t^2) dt        erfc(x) = 1 - erf(x)        Phi(x) = erfc(-x / sqrt(2)) / 2

NumPy has none of them. Everything here uses one function P of z >= 0, which is erfc without its steep factor:

    erfc(z) = exp(-z^2) w P(t),    w = 1/(z + k),    t = 1 - 2 k w = (z - k)/(z + k),    k = 5/2

t goes from -1 at z = 0 to 1 at infinity, and P(t) = (z + k) exp(z^2) erfc(z) goes from k to 1/sqrt(pi). P is smooth, so one
Chebyshev series is enough for the whole half-line: 11 terms for float32, 26 for float64, 31 for a longdouble of 64 bits.
Near 0 the subtraction erf = 1 - erfc would cancel. Maclaurin's series is used there:

    erf(x) = 2/sqrt(pi) x sum_n (-x^2)^n / (n! (2n + 1)),    |x| < 1

Rounding z^2 would make exp(-z^2) wrong by z^2 units of roundoff. Let h be the multiple of 1/128 nearest to z. Then h^2 is exact:

    exp(-z^2) = exp(-h^2) exp(-(z - h)(z + h))

Errors measured against mpmath (tests/reference/test_special.py), in units of roundoff of float32, float64 and longdouble: at
most 3 for erf, and at most 10 for erfc, phi and Phi.

Source: the series, Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity",
Mathematics of Computation 36, 1981, here with the factor z + k, which is 1/w; the exponential, Cody, "Rational Chebyshev
approximations for the error function", Mathematics of Computation 23, 1969.
"""

from collections.abc import Sequence
from functools import cache
from math import factorial
from typing import Any

import numpy as np

from .case import Array
from .passes import pieces

K = 2.5

CHEBYSHEV = (
    "1.290286664857271672554", "-9.280626596328690793282e-1", "2.391465012523721951125e-1", "-4.031960056784239303034e-2",
    "2.772855388549251971715e-3", "4.824705745218762697483e-4", "-1.148782784382317522549e-4", "-5.518108482679745562026e-6",
    "3.780394426025322938384e-6", "1.054966008587843179117e-7", "-1.370315023060306446919e-7", "-6.501049234463564850171e-9",
    "5.393216976020351673388e-9", "5.528836177050436877397e-10", "-2.083442698386716136041e-10", "-4.256814247903823640774e-11",
    "6.354938032549718765857e-12", "2.833101366088250798485e-12", "-9.429320366899918446356e-15", "-1.557240828525073832111e-13",
    "-2.070492911150502023965e-14", "5.972542459247916988023e-15", "2.157718141219531495808e-15", "-8.26689842836005315039e-18",
    "-1.358310887373092252621e-16", "-2.411663275156043210458e-17", "4.272439304198667929809e-18", "2.443512409560703264382e-18",
    "2.101245593418637105608e-19", "-1.241443647285789870445e-19", "-4.187374407205571683257e-20", "-5.542147314602067463006e-22",
    "2.913451154314141140243e-21",
)  # fmt: skip
"""The coefficients of P, to 22 digits. A test computes them from their definition."""

_PI = np.longdouble("3.14159265358979323846264338327950288")
_ROOT_HALF = np.sqrt(np.longdouble(0.5))
_ONE_OVER_ROOT_TWO_PI = 1 / np.sqrt(2 * _PI)


def erf(x: Array) -> Array:
    """2/sqrt(pi) int_0^x exp(-t^2) dt. x (...), floats -> (...). Exactly odd; 1 at inf."""
    size = np.abs(x)
    inner = np.minimum(size, 1)
    near_zero = inner * _horner(inner * inner, _maclaurin(x.dtype), np.empty_like(inner))
    return np.copysign(np.where(size < 1, near_zero, 1 - _tail(size)), x)


def erfc(x: Array) -> Array:
    """1 - erf(x), without cancellation for large x. x (...), floats -> (...)."""
    size = np.abs(x)
    tail = _tail(size)
    return np.where(size < 0.5, 1 - erf(x), np.where(x < 0, 2 - tail, tail))


def normal(x: Array) -> tuple[Array, Array]:
    """The density phi(x) = exp(-x^2 / 2) / sqrt(2 pi) and the distribution Phi(x) of a normal variable. x (...), floats -> (...).

    Phi keeps its digits for very negative x, where (1 + erf(x / sqrt(2))) / 2 loses them.
    """
    flat = x.reshape(-1)
    density, distribution = np.empty_like(flat), np.empty_like(flat)
    for piece in pieces(flat, density, distribution):
        fill_normal(*piece)
    return density.reshape(x.shape), distribution.reshape(x.shape)


def fill_normal(x: Array, density: Array, distribution: Array) -> None:
    """Write phi(x) and Phi(x) into density and distribution, all (n,): for a piece that fits the cache (reference/passes.py).

    This function and those below work in place, because a new array costs more than the arithmetic of a step.
    """
    spare = np.empty_like(x), np.empty_like(x)
    size, tail = distribution, distribution
    np.abs(x, out=size)
    _exp_square(-0.5, size, density, spare)
    size *= x.dtype.type(_ROOT_HALF)
    _scale_tail(size, spare, 0.5)
    tail *= density
    density *= x.dtype.type(_ONE_OVER_ROOT_TWO_PI)
    above = (x >= 0).astype(x.dtype)
    distribution -= above  # Phi is the tail where x < 0 and 1 - tail elsewhere: |tail - above|
    np.abs(distribution, out=distribution)


def _tail(z: Array) -> Array:
    """erfc(z) for z >= 0."""
    tail = z.reshape(-1).copy()
    exponential, *spare = (np.empty_like(tail) for _ in range(3))
    _exp_square(-1.0, tail, exponential, spare)
    _scale_tail(tail, spare)
    tail *= exponential
    return tail.reshape(z.shape)


def _exp_square(factor: float, z: Array, out: Array, spare: Sequence[Array]) -> None:
    """out = exp(factor z^2) for z >= 0 and factor -1 or -1/2."""
    rest, total = spare
    np.clip(z, 0, 160, out=total)  # at 160 it is zero in every dtype; beyond, inf - inf would be nan
    np.multiply(total, 128, out=out)
    np.rint(out, out=out)
    out *= 1 / 128
    np.subtract(total, out, out=rest)
    total += out
    rest *= total
    rest *= factor
    out *= out
    out *= factor
    np.exp(rest, out=rest)
    np.exp(out, out=out)
    out *= rest


def _scale_tail(z: Array, spare: Sequence[Array], factor: float = 1.0) -> None:
    """z becomes factor exp(z^2) erfc(z) = factor w P(1 - 2 k w), for z >= 0. factor is a power of two, so that it is exact."""
    t, result = spare
    w = z
    w += K
    np.divide(factor, w, out=w)
    np.multiply(w, -2 * K / factor, out=t)
    t += 1
    w *= _horner(t, _powers(z.dtype), result)


def _horner(x: Array, coefficients: tuple[Any, ...], out: Array) -> Array:
    """out = sum_n coefficients_n x^n, in x's dtype."""
    *lower, above, highest = coefficients
    np.multiply(x, highest, out=out)
    out += above
    for coefficient in reversed(lower):
        out *= x
        out += coefficient
    return out


@cache
def _powers(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """The coefficients of P in powers of t, from as many Chebyshev terms as dtype resolves."""
    series = np.array([np.longdouble(number) for number in CHEBYSHEV])
    rest = np.cumsum(np.abs(series[::-1]))[::-1]  # a bound on the sum of this term and all later ones
    kept = series[: np.count_nonzero(rest > np.finfo(dtype).eps / 8)]
    return tuple(np.polynomial.chebyshev.cheb2poly(kept).astype(dtype))


@cache
def _maclaurin(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """The coefficients 2/sqrt(pi) (-1)^n / (n! (2n + 1)) of erf(x)/x, for as many terms as dtype resolves at x = 1."""
    terms = [n for n in range(30) if factorial(n) * (2 * n + 1) * float(np.finfo(dtype).eps) < 16]
    scale = 2 / np.sqrt(_PI)
    return tuple(dtype.type(scale * (-1) ** n / np.longdouble(factorial(n) * (2 * n + 1))) for n in terms)
