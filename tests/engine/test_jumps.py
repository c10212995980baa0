"""`check` where a function jumps: its pieces may be flat to both sides, and zero is no derivative all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.derivative.oracle import Vacuous, check

JUMPS = r"the function jumps at this point\. A jump has no derivative, and zero is not one$"


def zero(dout: Any, x: Any) -> tuple[Any]:
    return (0 * dout * x,)


def only_at(x: Any) -> Any:
    """1 at 0, and 0 to both sides: a difference between the sides sees nothing."""
    return np.where(x == 0, 1 + 0 * x, 0 * x)


def steep(x: Any) -> Any:
    """From 0 to 1 within 1e-14 of 0, where it is flat: so steep that it looks like a jump to every step."""
    return x * x / (x * x + 1e-28)


def is_positive(x: Any) -> Any:
    return np.where(x > 0, 1 + 0 * x, 0 * x)


def examine(function: Callable[[Any], Any], x: Any, declared: tuple[str, ...] = ("x",), **options: Any) -> dict[str, float]:
    return check(lambda x: (function(x), x), zero, (np.asarray(x, float),), zero=declared, **options)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (np.sign, 0.0),
        (is_positive, 0.0),
        (only_at, 0.0),
        (np.floor, 1.0),
        (np.ceil, -3.0),
        (np.rint, 0.5),
        (lambda x: np.floor(x + 1), 0.0),
        (lambda x: np.floor(1e6 * x), 2.0),  # a staircase, too fine for the steps of numerical differentiation
        (lambda x: 1e-9 * np.floor(x), 1.0),
        (lambda x: 1e9 + np.sign(x), 0.0),
        # so near to it that rounding crosses it
        (is_positive, 5e-324),
        (np.floor, np.nextafter(1.0, 0)),
        (np.floor, np.nextafter(1e12, np.inf)),
    ],
)
@pytest.mark.parametrize("kink", [False, True])
def test_at_a_jump_zero_is_no_derivative(function: Callable[[Any], Any], point: float, kink: bool) -> None:
    with pytest.raises(Disagreement, match=rf"^dx\[1\]: {JUMPS}"):
        examine(function, [0.2500003, point, -0.7500003], kink=kink)


def test_undeclared_too() -> None:
    with pytest.raises(Disagreement, match=JUMPS):
        examine(np.sign, [0.0], declared=())


def test_in_a_large_array_one_jump_is_seen() -> None:
    x = np.linspace(0.1, 0.9, 1000).reshape(20, 50)
    assert examine(np.floor, x)
    x[13, 7] = 1
    with pytest.raises(Disagreement, match=rf"^dx: {JUMPS}"):
        examine(np.floor, x)


def test_a_jump_across_two_inputs_is_seen() -> None:
    def which_is_larger(x: Any, y: Any, /) -> Any:
        return np.sign(x - y), (x, y)

    x = np.array([0.3, 0.7])
    with pytest.raises(Disagreement, match=rf"^dx\[1\]: {JUMPS}"):
        check(which_is_larger, lambda dout, cache: (0 * dout * cache[0], 0 * dout), (x, np.array([0.2, 0.7])), zero=("x", "y"))


@pytest.mark.parametrize("point", [1e-200, 1e-14, -3e-13, 3e-12])
def test_beside_a_jump_nothing_can_be_told(point: float) -> None:
    with pytest.raises(Vacuous, match=r"^dx: the function jumps beside this point, nearer than 1e-11\. Move the point"):
        examine(np.sign, [point, 0.5])


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (np.sign, [1e-9, -2.0]),
        (np.floor, [0.5, 1.5, 1e6 + 0.5]),
        (lambda x: np.exp(x - x), [0.0, 1.0, 30.0]),  # softmax of one class
        (lambda x: x / np.abs(x), [1e-3, -3.0]),
        (lambda x: x * x, [0.0, 0.0]),  # flat at its minimum
        (lambda x: 1e300 * x * x, [0.0, 0.0]),
        (lambda x: (x + 1e9) - (x + 1e9), [1.0, 2.0]),  # zero but for rounding
        (lambda x: (x * 1e9 + 1 / 3) - x * 1e9, [1.0, 2.0]),
        (lambda x: x * x * x, [0.0]),
        (steep, [0.0]),
        (lambda x: np.where(x > 0, x * x, 0 * x), [0.0]),  # a joint
        (lambda x: 0 * x, np.zeros((0, 3))),
        (lambda x: 0 * x, np.zeros((3, 40))),
    ],
)
def test_a_right_zero_passes(function: Callable[[Any], Any], x: Any) -> None:
    assert examine(function, x)
