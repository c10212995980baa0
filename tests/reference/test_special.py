"""The error function and its kin against mpmath, in units of the roundoff of each dtype."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift
from reference import passes, special

mpmath = pytest.importorskip("mpmath")

DTYPES = ("float32", "float64", "longdouble")
UNDERFLOW = {"float32": 9.1, "float64": 26.5, "longdouble": 106.0}
"""Where erfc is near the smallest normal number."""

Values = Callable[[np.ndarray], np.ndarray]
FUNCTIONS: dict[str, tuple[Values, Callable[[Any], Any], float]] = {
    "erf": (special.erf, mpmath.erf, 3),
    "erfc": (special.erfc, mpmath.erfc, 10),
    "density": (lambda x: special.normal(x)[0], mpmath.npdf, 10),
    "distribution": (lambda x: special.normal(x)[1], lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2, 10),
}
"""Ours, mpmath's, and how many units of roundoff ours may be off, relative to the value."""


@pytest.fixture(autouse=True)
def _digits() -> Any:
    with mpmath.workdps(40):
        yield


def points(dtype: str) -> np.ndarray:
    """All of the range: dense where the formulas meet, tails until they underflow, tiny and negative numbers."""
    rng = np.random.default_rng(0)
    tail = rng.uniform(0, UNDERFLOW[dtype], 300)
    sizes = (np.linspace(0, 6, 300), np.linspace(0.45, 1.05, 100), tail, 10 ** rng.uniform(-8, 0, 50))
    x = np.concatenate(sizes).astype(dtype)
    return np.concatenate([x, -x])


def exact(value: Any) -> Any:
    """A floating-point number of any dtype in mpmath: its leading 53 bits, and the rest."""
    mantissa, exponent = np.frexp(np.longdouble(value))
    high = float(mantissa)
    return mpmath.ldexp(mpmath.mpf(high) + mpmath.mpf(float(mantissa - np.longdouble(high))), int(exponent))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_right_to_a_few_units_of_roundoff(name: str, dtype: str) -> None:
    ours, theirs, units = FUNCTIONS[name]
    x = points(dtype)
    y = ours(x)
    assert y.dtype == np.dtype(dtype)
    smallest = exact(np.finfo(dtype).tiny)
    truths = [theirs(exact(v)) for v in x]
    # Below the smallest normal number digits are lost to the format.
    wrong = [abs(exact(v) - t) / max(abs(t), smallest) for v, t in zip(y, truths, strict=True)]
    worst = int(np.argmax(np.array(wrong, dtype=float)))
    assert wrong[worst] <= units * unit_roundoff(dtype), f"{name}({x[worst]!r}) = {y[worst]!r}; wanted {truths[worst]}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_at_zero_infinity_and_nan(dtype: str) -> None:
    x = np.array([-np.inf, -0.0, 0.0, np.inf, np.nan], dtype=dtype)
    assert np.array_equal(special.erf(x), [-1, 0, 0, 1, np.nan], equal_nan=True)
    assert np.signbit(special.erf(x))[:3].tolist() == [True, True, False]
    assert np.array_equal(special.erfc(x), [2, 1, 1, 0, np.nan], equal_nan=True)
    density, distribution = special.normal(x)
    assert np.array_equal(density[[0, 3, 4]], [0, 0, np.nan], equal_nan=True)
    assert np.array_equal(distribution, [0, 0.5, 0.5, 1, np.nan], equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_erf_is_odd_to_the_last_digit(dtype: str) -> None:
    x = points(dtype)
    assert np.array_equal(special.erf(-x), -special.erf(x))


@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    for y in (special.erf(x), special.erfc(x), *special.normal(x)):
        assert np.shape(y) == shape


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(5, 7))
    whole = special.normal(x)
    monkeypatch.setattr(passes, "PIECE", 8)
    assert np.array_equal(special.normal(x), whole)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_stays_watched(dtype: str) -> None:
    x = lift(Noise(dtype, np.random.default_rng(0)), np.linspace(-3, 3, 7, dtype=dtype))
    for y in (special.erf(x), special.erfc(x), *special.normal(x)):
        assert isinstance(y, Perturbed)


def test_the_coefficients_are_those_of_the_chebyshev_series() -> None:
    # c_m = 2/N sum_j P(t_j) cos(m theta_j) at the zeros t_j = cos(theta_j) of T_N; half of that for m = 0.
    n = 64
    angles = [mpmath.pi * (2 * j + 1) / (2 * n) for j in range(n)]
    values = [_p(mpmath.cos(angle)) for angle in angles]
    for m, stored in enumerate(special.CHEBYSHEV):
        total = mpmath.fsum(value * mpmath.cos(m * angle) for value, angle in zip(values, angles, strict=True))
        assert abs(total * (2 if m else 1) / n - mpmath.mpf(stored)) < mpmath.mpf(10) ** -21


def _p(t: Any) -> Any:
    """(z + k) exp(z^2) erfc(z) at z = k (1 + t)/(1 - t); by U(1/2, 1/2, z^2) / sqrt(pi), which does not underflow."""
    k = mpmath.mpf(special.K)
    z = k * (1 + t) / (1 - t)
    return (z + k) * mpmath.hyperu(0.5, 0.5, z * z) / mpmath.sqrt(mpmath.pi)
