"""Functions of frameworks that draw from generators which are not the framework's: each call draws the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

NUMBERS = np.random.default_rng(7)
X = torch.tensor([0.3, -1.1, 0.7])


def factor() -> float:
    return float(NUMBERS.normal())


class Noisy(torch.nn.Module):  # type: ignore[misc]  # PyTorch has no types here
    """Noise from a generator of its own."""

    def __init__(self, generator: Any) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, x: Any) -> Any:
        if isinstance(self.generator, torch.Generator):
            return torch.tanh(x) * torch.rand(3, generator=self.generator)
        return torch.tanh(x) * self.generator.normal()


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "a generator of NumPy's in a global": lambda x: torch.sin(x) * factor(),
    "the generator behind np.random": lambda x: torch.sin(x) * np.random.rand(),  # noqa: NPY002  it is what people use
    "the generator behind random": lambda x: torch.sin(x) * random.random(),
    "a module's generator of NumPy's": Noisy(np.random.default_rng(8)),
    "a module's generator of PyTorch's": Noisy(torch.Generator()),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_of_one_draw(name: str) -> None:
    report = check_function(FUNCTIONS[name], X)
    assert report.ok, str(report)
    assert not [finding.about for finding in report if finding.about.endswith(", again")]


def test_generators_are_left_as_they_came() -> None:
    module = Noisy(torch.Generator())
    before = NUMBERS.bit_generator.state, random.getstate(), module.generator.get_state()
    check_function(FUNCTIONS["a generator of NumPy's in a global"], X)
    check_function(FUNCTIONS["the generator behind random"], X)
    check_function(module, X)
    compare({"one": module, "other": lambda x: module(x)}, X)
    assert (NUMBERS.bit_generator.state, random.getstate()) == before[:2]
    assert module.generator.get_state().equal(before[2])


def test_a_gradient_of_a_random_function_may_be_wrong() -> None:
    finding = check_function(lambda x: (x * x.detach()) * factor(), X)["dx"]
    assert finding.verdict == "wrong"
    assert abs(float(finding.truth) - 2 * float(finding.got)) <= finding.allowance


def test_a_function_of_tensorflow_that_draws_from_numpy_is_right() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    generator = np.random.default_rng(9)
    assert check_function(lambda x: tf.sin(x) * generator.normal(), tf.constant([0.3, -1.1, 0.7]))["dx"].verdict == "right"


def test_a_function_that_cannot_be_repeated_is_not_told_to_round() -> None:
    report = check_function(lambda x: torch.sin(x) * np.random.default_rng().normal(), X)
    assert report["out, again"].message.endswith("a random generator of its own, a clock, or state that it keeps")
