"""`judge`: what numbers that are wrong have in common with the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import judge

RNG = np.random.default_rng(0)
X, WEIGHT, BIAS, DOUT = (RNG.normal(size=shape) for shape in ((6, 4), (4, 3), (3,), (6, 3)))
SQUARE = RNG.normal(size=(3, 3))
IMAGES = RNG.normal(size=(2, 3, 4, 5))
ORDER = [3, 5, 1, 2, 4, 0]
Change = Callable[[Any], Any]


def squares(x: Any) -> Any:
    return x * x


def of_weight(change: Change) -> str:
    """What is said of a gradient of a matrix."""
    report = judge({"dweight": change(X.T @ DOUT)}, "linear", (X, WEIGHT, BIAS), dout=DOUT)
    assert report.verdict == "wrong", str(report)
    return report["dweight"].explanation


def of_values(change: Change, x: Any) -> str:
    """What is said of an output."""
    report = judge(change(x * x), squares, x, dtype="float64")
    assert report.verdict == "wrong", str(report)
    return report["out"].explanation


def by_column(array: Any) -> Any:
    return array.ravel(order="F").reshape(array.shape)


def without_row(array: Any) -> Any:
    return np.where(np.arange(len(array))[:, None] == 2, 0, array)


GRADIENTS: dict[str, tuple[Change, str]] = {
    "transposed": (lambda g: g.T, "It is right transposed: dweight.T agrees"),
    "flat": (np.ravel, "It agrees once it is reshaped to (4, 3)"),
    "flat, by column": (lambda g: g.ravel(order="F"), "It agrees once it is reshaped to (4, 3) column by column"),
    "by column": (by_column, 'as MATLAB and Fortran do: dweight.ravel().reshape((4, 3), order="F") agrees'),
    "a mean": (lambda g: g / 6, "It is 1/6 times what is right: 1/6, and 6 is the number of rows of x. A mean is taken"),
    "the sign": (np.negative, "The sign is wrong: -dweight agrees"),
    "a row": (without_row, "At 2 of axis 0 alone it is zero"),
    "a column's sign": (lambda g: g * [1, -1, 1], "At 1 of axis 1 alone it is -1 times what is right"),
    "a factor at each place": (lambda g: g * [2, 3, 4], "At each place of axis 1 it has a factor of its own: 2, 3, 4"),
    "each sample": (lambda g: X[:, :, None] * DOUT[:, None] + 0 * g, "It agrees once it is summed over axis 0"),
    "reversed": (lambda g: g[::-1], "It is right in reverse order along axis 0"),
    "dout of ones": (
        lambda g: X.T @ np.ones_like(DOUT) + 0 * g,
        "It is the gradient of the sum of all outputs: dout is not used",
    ),
    "dout of a mean": (lambda g: X.T @ np.full_like(DOUT, 1 / 18) + 0 * g, "of the mean of all outputs: dout is not used"),
    "zero": (np.zeros_like, "It is zero everywhere"),
    "weight decay": (lambda g: g + 0.01 * WEIGHT, "The gradient of a penalty on weight"),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_wrong_gradient_from_elsewhere_is_explained(name: str) -> None:
    change, words = GRADIENTS[name]
    assert words in of_weight(change)


def test_gradients_that_are_exchanged_are_named() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    a, b, dout = RNG.normal(size=(3, 3, 2))
    report = judge({"da": dout * a, "db": dout * b}, ("torch", lambda a, b: a * b), (a, b), dout=dout)
    assert report["da"].explanation == "Two gradients are exchanged: db is right here"


VALUES: dict[str, tuple[Change, Any, str]] = {
    "4 decimals": (lambda y: np.round(y, 4), SQUARE, "The numbers have 4 decimals, and are right to these: print all digits"),
    "whole": (np.rint, SQUARE, "The numbers are whole, and the truth rounds to them: print all digits"),
    "transposed": (np.transpose, SQUARE, "It is right transposed: out.T agrees"),
    "twice": (lambda y: 2 * y, SQUARE, "It is twice what is right"),
    "a number added": (lambda y: y + 0.25, SQUARE, "With -1/4 added it agrees (got - truth = 1/4)"),
    "channels last": (lambda y: y.transpose(0, 2, 3, 1), IMAGES, "It is right with its axes in the order (0, 3, 1, 2)"),
    "channels last, as one block": (
        lambda y: y.transpose(0, 2, 3, 1).reshape(y.shape),
        IMAGES,
        "with the axes in the order (0, 2, 3, 1): out.reshape((2, 4, 5, 3)).transpose((0, 3, 1, 2)) agrees",
    ),
    "shuffled": (lambda y: y[ORDER], X, "It is right with the places of axis 0 in another order: 5, 2, 3, 0, 4, 1"),
    "complex": (lambda y: y + 0j, SQUARE, "It is complex, and the reference is real. Its real part agrees"),
    "one element": (
        lambda y: np.where(np.arange(9).reshape(3, 3) == 5, 7.0, y),
        SQUARE,
        "out[1, 2] alone is wrong",
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_wrong_numbers_from_elsewhere_are_explained(name: str) -> None:
    change, x, words = VALUES[name]
    assert words in of_values(change, x)


def test_noise_is_not_explained() -> None:
    assert of_values(lambda y: y + np.random.default_rng(1).normal(size=y.shape), IMAGES) == ""


def test_few_digits_are_told_beside_another_dtype() -> None:
    """Six digits are about what float32 has."""
    printed = np.vectorize(lambda value: float(f"{value:.6g}"))(np.tanh(X))
    finding = judge(printed, np.tanh, X)["out"]
    assert finding.verdict == "cannot tell"
    assert finding.explanation == "The numbers have 6 digits, and are right to these: print all digits"


def test_numbers_of_float32_in_another_order_are_explained() -> None:
    x = IMAGES.astype(np.float32)
    finding = judge((x * x).ravel(order="F").reshape(x.shape), squares, x)["out"]
    assert "as MATLAB and Fortran do" in finding.explanation


def test_a_factor_in_float32_is_known() -> None:
    given = [array.astype(np.float32) for array in (X, WEIGHT, BIAS)]
    mean = (given[0].T @ DOUT.astype(np.float32) / 6).astype(np.float32)
    said = judge({"dweight": mean}, "linear", tuple(given), dout=DOUT)["dweight"].explanation
    assert said.startswith("It is 1/6 times what is right: 1/6, and 6 is the number of rows of x")


def test_what_bfloat16_leaves_open_is_not_explained() -> None:
    """One row is wrong: that all of it is off by one factor is false."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.from_numpy(X).bfloat16()
    came = (x * x).float().numpy()
    came[2] = 0
    report = judge(came, lambda x: torch.mul(x, x), x, dtype="bfloat16")
    assert report["out"].explanation == "At 2 of axis 0 alone it is zero"


def test_a_gradient_of_one_number_needs_no_dout() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    noise = np.random.default_rng(1).normal(size=X.shape)
    finding = judge({"dx": noise}, ("torch", lambda x: (x * x).sum().reshape(1, 1)), X)["dx"]
    assert (finding.verdict, finding.explanation) == ("wrong", "")
