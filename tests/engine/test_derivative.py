"""Numerical differentiation: the error bar holds the true derivative, and is no wider than it must be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.derivative.extrapolation import derivative

LONG = np.longdouble
EPS = float(np.finfo(LONG).eps)

KNOWN: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
    "reciprocal": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "cubic": (lambda x: x * x * x - 2 * x, lambda x: 3 * x * x - 2),
    "steep": (lambda x: np.exp(-30 * x), lambda x: -30 * np.exp(-30 * x)),
    "wavy": (lambda x: np.sin(40 * x), lambda x: 40 * np.cos(40 * x)),
    "kinked elsewhere": (lambda x: np.abs(x) * x, lambda x: 2 * np.abs(x)),
}


@pytest.mark.parametrize("side", [0, 1, -1])
@pytest.mark.parametrize("name", KNOWN)
def test_the_error_bar_holds_the_true_derivative(name: str, side: Any) -> None:
    f, slope = KNOWN[name]
    rng = np.random.default_rng(0)
    for x in rng.normal(size=100).astype(LONG):
        true = slope(x)
        noise = 4 * EPS * float(abs(f(x))) + EPS * float(abs(x * true))
        found = derivative(lambda t, x=x: f(x + t), noise, side)
        reference_error = 64 * EPS * float(abs(true) * (1 + 40 * abs(x)))  # of `slope` itself, evaluated in longdouble
        assert abs(found.value - true) <= found.error + reference_error
        assert found.error < 1e6 * noise + 1e4 * EPS * float(abs(true))  # and the bar is no barn door


def test_a_kink_has_two_one_sided_derivatives() -> None:
    sides = [derivative(lambda t: np.maximum(t, LONG(0)) * 3 - t, EPS, side) for side in (-1, 1)]
    assert [float(s.value) for s in sides] == [-1, 2]
    assert all(s.error < 1e-12 for s in sides)


def test_a_step_out_of_the_domain_spoils_nothing() -> None:
    with np.errstate(invalid="ignore"):
        found = derivative(lambda t: np.sqrt(LONG(1e-3) + t), EPS * 0.03)
    true = 0.5 / np.sqrt(LONG(1e-3))
    assert abs(found.value - true) <= found.error < 1e-9 * true


def test_noise_widens_the_bar_by_as_much() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = derivative(lambda t: np.exp(t) + LONG(1e-8) * rng.uniform(-1, 1), 1e-8)
        assert abs(found.value - 1) <= found.error < 1e-4


def test_a_function_that_is_nowhere_finite_has_no_derivative() -> None:
    assert derivative(lambda t: LONG(np.nan), 0.0).error == np.inf
    assert np.isnan(derivative(lambda t: LONG(np.nan), 0.0).value)


class Counted:
    """A function that keeps the steps at which it was asked."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.steps: list[Any] = []

    def __call__(self, t: Any) -> Any:
        self.steps.append(t)
        return self.function(t)


# On f(t) = t every quotient is 1 exactly, so that the bar is the noise alone, magnified by the steps h = 1/16 and 1/32 and by
# extrapolation; it is least in the first entry that has witnesses.
def test_the_bar_of_a_line_is_its_noise_magnified() -> None:
    first, second = (32 * 4 + 16) / 3, (16 * 4 + 8) / 3
    assert derivative(lambda t: t, 1.0).error == (first * 16 + second) / 15
    first, second = 64 * 2 + 32, 32 * 2 + 16
    for side in (1, -1):
        assert derivative(lambda t: t, 1.0, side).error == (first * 4 + second) / 3


def test_the_bar_is_no_narrower_than_the_value_has_digits() -> None:
    for side in (0, 1, -1):
        assert derivative(lambda t: -3 * t, 0.0, side).error == 3 * EPS


@pytest.mark.parametrize(("noise", "side", "smallest"), [(0.0, 0, 5), (1.0, 0, 5), (1.0, 1, 6), (1.0, -1, 6)])
def test_no_step_is_tried_whose_noise_is_beyond_the_bar(noise: float, side: Any, smallest: int) -> None:
    line = Counted(lambda t: t)
    assert derivative(line, noise, side).value == 1
    start, signs = ([0], [side]) if side else ([], [1, -1])
    assert line.steps == [*start, *(s * LONG(2.0) ** -k for k in range(2, smallest + 1) for s in signs)]


def test_forty_steps_are_tried_where_none_gives_a_value() -> None:
    nowhere = Counted(lambda t: LONG(np.nan))
    derivative(nowhere, 1.0, 1)
    assert nowhere.steps == [0, *(LONG(2.0) ** -k for k in range(2, 42))]


def test_differences_are_central_unless_told() -> None:
    found = derivative(lambda t: np.maximum(t, LONG(0)) * 3 - t, EPS)
    assert abs(found.value - 0.5) <= found.error < 1e-12


def quotients(*values: float) -> Callable[[Any], Any]:
    """A function whose central difference quotients at the steps 1/4, 1/8, ... have these values, and then no more."""
    of = {LONG(2.0) ** -(2 + k): LONG(value) for k, value in enumerate(values)}
    return lambda t: t * of.get(abs(t), LONG(np.nan))


# The first entry with witnesses is R32, in column 2 of row 3. Each time it is 0, as are two of R20, R21 and R22 in the row
# before, by accident: only the third, which is 1, tells that the quotients agree on nothing.
@pytest.mark.parametrize(
    ("third", "values"), [("R20", (16, 4, 1, 0.25)), ("R21", (-60, -3, 0, 0.046875)), ("R22", (45, 0, 0, 0))]
)
def test_an_entry_is_trusted_as_far_as_all_three_before_it(third: str, values: tuple[float, ...]) -> None:
    found = derivative(quotients(*values), 0.0)
    assert abs(found.value) < 1e-15, third
    assert abs(found.error - 1) < 1e-15, third


DISTANCES = 10.0 ** np.arange(-8, -2, 0.02)


def beside_a_joint(distance: float, noise: float) -> float:
    """Off by how many bars where the second derivative jumps by 1 at a distance; noise is what f's values are told to have."""
    found = derivative(lambda t: np.exp(t) + np.maximum(t - LONG(distance), LONG(0)) ** 2 / 2, noise)
    return float(abs(found.value - 1) / found.error)


@pytest.mark.parametrize("noise", [2.0**-44, 2.0**-50, 2.0**-56])
def test_the_bar_holds_beside_a_joint(noise: float) -> None:
    assert max(beside_a_joint(distance, noise) for distance in DISTANCES) < 0.5


def test_beside_a_joint_extrapolation_alone_would_deceive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradwitness.derivative.extrapolation._joint", lambda quotients, noise: LONG(0))
    assert max(beside_a_joint(distance, 2.0**-50) for distance in DISTANCES) > 10
