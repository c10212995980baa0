"""The noise of one evaluation, from difference tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.derivative.difference_table import POINTS, noise, of_columns, of_two, table

FACTOR = 4.0
"""A table of nine values finds the noise within this factor."""


def noisy(function: Callable[[Any], Any], level: float, seed: int) -> Callable[[float], np.longdouble]:
    rng = np.random.default_rng(seed)
    return lambda t: np.longdouble(function(np.longdouble(t))) + np.longdouble(level * rng.normal())


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "constant": lambda t: 3.0 + 0 * t,
    "a line": lambda t: 2 + 5 * t,
    "a square": lambda t: t**2,
    "exp": np.exp,
    "sin 40t": lambda t: np.sin(40 * t),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("level", [1e-6, 1e-12, 1e-17])
def test_noise_on_a_smooth_function_is_found(name: str, level: float) -> None:
    found = [noise(noisy(SMOOTH[name], level, seed), 1.0, 0.3) for seed in range(9)]
    levels = [one.value for one in found if one is not None]
    assert len(levels) == len(found)
    assert level / FACTOR < np.median(levels) < level * FACTOR


def test_a_float64_function_has_the_noise_of_float64() -> None:
    found = noise(lambda t: float(np.sin(1 + t) * np.exp(t)), 1.0)
    assert found is not None
    assert 1e-18 < found.value < 1e-15


def test_stairs_of_float32_are_noise() -> None:
    found = noise(lambda t: float(np.float32(1.3 + t)), 1.3)
    assert found is not None
    assert found.stairs > 0
    assert 1e-9 < found.value < 1e-7


def test_wide_stairs_stand_still() -> None:
    found = noise(lambda t: float(np.round((1.3 + t) * 1024) / 1024), 1.3)
    assert found is not None
    assert found.value == 0


def test_a_kink_has_no_noise_to_be_found_at_it_and_has_beside_it() -> None:
    def kink(t: float) -> np.longdouble:
        return np.longdouble(abs(t)) + np.longdouble(1e-17) * np.longdouble(np.sin(1e25 * t))

    assert noise(kink, 1.0, plain=1e-12) is None
    assert noise(kink, 1.0, 0.05, plain=1e-12) is not None


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([1.0] * 9, "constant"),
        ([1.0] * 5 + [2.0] * 4, "too small"),
        ([np.exp(0.1 * j) for j in POINTS], "too large"),
        ([1.0, np.nan] + [1.0] * 7, "outside"),
    ],
)
def test_what_a_table_says(values: list[float], answer: str) -> None:
    assert table(values).answer == answer


def test_each_column_has_its_own_noise() -> None:
    rng = np.random.default_rng(2)
    levels = np.array([1e-3, 1e-9, 1e-14])
    medians = np.nanmedian([of_columns(rng.normal(size=(9, 3)) * levels) for _ in range(9)], axis=0)
    assert (medians > levels / FACTOR).all()
    assert (medians < levels * FACTOR).all()


@pytest.mark.parametrize("centre", [0.0, 0.37 / 7, 0.3, 1e-9])
def test_points_are_equally_spaced_in_float64_as_well(centre: float) -> None:
    found = noise(lambda t: np.exp(np.longdouble(t)), 0.37, centre)
    assert found is not None
    assert found.value < 2 * np.finfo(np.longdouble).eps


def values(function: Callable[[Any], Any], spacing: float) -> Any:
    return np.array([[function(np.longdouble(j * spacing))] for j in POINTS])


def test_noise_does_not_depend_on_the_spacing() -> None:
    noisy_line = noisy(lambda t: 1 + t, 1e-9, 0)
    (found,) = of_two(values(noisy_line, 1e-8), values(noisy_line, 1e-4))
    assert 1e-9 / FACTOR < found < 1e-9 * FACTOR


def test_a_pole_between_the_points_of_the_wider_table_is_no_noise() -> None:
    def pole(t: Any) -> Any:
        return 1 / (t + 1.3e-4)

    assert of_columns(values(pole, 1e-4))[0] > 100
    assert of_two(values(pole, 1e-8), values(pole, 1e-4))[0] < 1e-8


def test_stairs_that_the_nearer_table_does_not_climb_are_noise() -> None:
    def stairs(t: Any) -> Any:
        return np.float32(1.3 + 0.3 * float(t))

    (found,) = of_two(values(stairs, 1e-9), values(stairs, 1e-4))
    assert 1e-9 < found < 1e-7
