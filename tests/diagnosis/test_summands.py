"""A term that one number of a gradient lacks is named, with the line that it is missing in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_loss
from tests.diagnosis.nets import draw


def cauchy(params: Any, x: Any) -> Any:
    mean, width = params
    z = (x - mean) / width
    nll = np.sum(np.log(width) + np.log1p(z**2))
    dmean = -np.sum(2 * z / (1 + z**2)) / width
    dwidth = np.sum(1 / width - 2 * z**2 / (1 + z**2) / width)
    return nll, np.array([dmean, dwidth])


def cauchy_without_scale(params: Any, x: Any) -> Any:
    mean, width = params
    z = (x - mean) / width
    nll = np.sum(np.log(width) + np.log1p(z**2))
    weight = 2 / (1 + z**2)
    dmean = -np.sum(weight * z) / width
    dwidth = -np.sum(weight * z**2 / width)  # WRONG: - 1 / width
    return nll, np.array([dmean, dwidth])


def cauchy_without_squares(params: Any, x: Any) -> Any:
    mean, width = params
    z = (x - mean) / width
    nll = np.sum(np.log(width) + np.log1p(z**2))
    weight = 2 / (1 + z**2)
    dmean = -np.sum(weight * z) / width
    dwidth = np.sum(1 / width + 0 * z)  # WRONG: - weight * z**2 / width
    return nll, np.array([dmean, dwidth])


def decay(x: Any, rate: Any) -> Any:
    return np.exp(-rate * x) * rate + x * rate**2


def decay_without_product(dout: Any, x: Any, rate: Any) -> Any:
    e = np.exp(-rate * x)
    dx = rate**2 - e * rate**2
    drate = e + 2 * x * rate  # WRONG: - x * rate * e
    return dout * dx, np.sum(dout * drate)


def test_the_loss_is_right_as_it_is() -> None:
    assert check_loss(cauchy, np.array([0.3, 1.2]), draw(7)).ok


@pytest.mark.parametrize(
    ("function", "words"),
    [(cauchy_without_scale, "- 1 / width)"), (cauchy_without_squares, "- z ** 2 * weight / width)")],
    ids=["a number", "a product"],
)
def test_a_term_that_one_element_lacks(function: Any, words: str) -> None:
    explanation = check_loss(function, np.array([0.3, 1.2]), draw(7))["dparams"].explanation
    assert words in explanation.replace("1 * ", "").replace("1.0 ", "1 "), explanation


def test_a_term_that_the_gradient_of_a_number_lacks() -> None:
    explanation = check(decay, decay_without_product, (draw(6), 0.7))["drate"].explanation
    assert "+ drate = e + 2 * x * rate - " in explanation, explanation


def cauchy_of_another_kind(params: Any, x: Any) -> Any:
    mean, width = params
    z = (x - mean) / width
    nll = np.sum(np.log(width) + np.log1p(z**2))
    dmean = -np.sum(2 * z / (1 + z**2)) / width
    dwidth = np.sum(np.cos(3 * x))
    return nll, np.array([dmean, dwidth])


def test_what_is_no_product_of_what_is_at_hand_is_not_named() -> None:
    explanation = check_loss(cauchy_of_another_kind, np.array([0.3, 1.2]), draw(7))["dparams"].explanation
    assert "This agrees" not in explanation
