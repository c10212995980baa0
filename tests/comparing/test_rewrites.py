"""`compare` names a convention that stands in the code of a function: a number, a call, what it keeps from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional
gelu = torch.nn.functional.gelu
EPSILON = 1e-5
TARGET = np.linspace(-1, 1, 6)
TARGETS = TARGET[:, None]


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape)


def normed(x: Any, eps: float = 1e-5) -> Any:
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)


def normed_alike(x: Any, *, eps: float = 1e-3) -> Any:
    return normed(x, eps)


class Norm:
    def __init__(self, eps: float) -> None:
        self.eps = eps

    def __call__(self, x: Any) -> Any:
        return self.scaled(x)

    def scaled(self, x: Any) -> Any:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


def leaky(slope: float) -> Any:
    return lambda x: torch.where(x > 0, x, slope * x)


def conv(pad: tuple[int, ...]) -> Any:
    kernel = torch.from_numpy(drawn(2, 1, 3, 3))
    return lambda x: F.conv2d(F.pad(x, pad), kernel, stride=2)


CASES: dict[str, tuple[Any, Any, tuple[int, ...], str]] = {
    "a literal": (
        lambda x: x / torch.sqrt(x.var(-1, keepdim=True) + 1e-5),
        lambda x: x / torch.sqrt(x.var(-1, keepdim=True) + 1e-3),
        (3, 4),
        "With 0.001 in a lambda, in place of 1e-05, first agrees with second",
    ),
    "a default": (normed, lambda x: normed(x, 1e-3), (3, 4), "With eps=0.001, in place of 1e-05, first agrees with second"),
    "a default of a helper": (
        lambda x: 2 * normed(x),
        lambda x: 2 * normed_alike(x),
        (3, 4),
        "With eps=0.001 in normed(), in place of 1e-05, first agrees with second",
    ),
    "a global": (
        lambda x: x / (x.norm() + EPSILON),
        lambda x: x / (x.norm() + 1e-8),
        (4,),
        "With EPSILON=1e-08 in a lambda, in place of 1e-05, first agrees with second",
    ),
    "a cell": (leaky(0.01), leaky(0.2), (9,), "With slope=0.2 in a lambda, in place of 0.01, first agrees with second"),
    "an object": (Norm(1e-5), Norm(1e-6), (3, 4), "With eps=1e-06 in Norm, in place of 1e-05, first agrees with second"),
    "a call": (lambda x: F.gelu(x), lambda x: F.gelu(x, approximate="tanh"), (5,), "With approximate='tanh' in F.gelu"),
    "a call by its own name": (lambda x: gelu(x), lambda x: F.gelu(x, approximate="tanh"), (5,), "'tanh' in gelu"),
    "a call by position": (
        lambda x: torch.nn.functional.layer_norm(x, (4,), None, None, 1e-5),
        lambda x: F.layer_norm(x, (4,), eps=1e-3),
        (3, 4),
        "With eps=0.001 in torch.nn.functional.layer_norm",
    ),
    "a method": (
        lambda x: (x - x.mean(0)) / x.std(0),
        lambda x: (x - x.mean(0)) / x.std(0, unbiased=False),
        (5, 3),
        "With correction=0 in x.std()",
    ),
    "an axis": (lambda x: F.softmax(x, dim=0), lambda x: F.softmax(x, dim=1), (3, 4), "With dim=-1 in F.softmax"),
    "a padding": (conv((1, 0, 1, 0)), conv((0, 1, 0, 1)), (1, 1, 6, 6), "With paddings exchanged in F.pad"),
    "a padding on one side": (conv((1, 1, 1, 1)), conv((0, 1, 0, 1)), (1, 1, 6, 6), "With paddings behind alone in F.pad"),
    "a target": (
        lambda x: ((x.sum(1, keepdim=True) - torch.from_numpy(TARGET)) ** 2).mean(),
        lambda x: ((x.sum(1, keepdim=True) - torch.from_numpy(TARGETS)) ** 2).mean(),
        (6, 2),
        "With TARGET of shape (6, 1), in place of (6,), so that it broadcasts otherwise, first agrees with second",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_stands_in_the_code_is_named(name: str) -> None:
    first, second, shape, words = CASES[name]
    explanation = compare({"first": first, "second": second}, torch.from_numpy(drawn(*shape)))["out"].explanation
    assert words in explanation, explanation
    assert explanation.endswith("first agrees with second")


def test_what_is_tried_in_code_is_put_back() -> None:
    kept = (normed.__code__, normed.__defaults__, normed_alike.__kwdefaults__, EPSILON, F.gelu, torch.Tensor.std, gelu, TARGET)
    for first, second, shape, _ in CASES.values():
        compare({"first": first, "second": second}, torch.from_numpy(drawn(*shape)))
    now = (normed.__code__, normed.__defaults__, normed_alike.__kwdefaults__, EPSILON, F.gelu, torch.Tensor.std, gelu, TARGET)
    assert all(before is after or before == after for before, after in zip(kept, now, strict=True))


def test_a_call_in_jax_is_named() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    functions = {"torch": lambda x: F.gelu(x), "jax": lambda x: jax.nn.gelu(x)}
    assert compare(functions, drawn(5))["out"].explanation == "With approximate='tanh' in F.gelu torch agrees with jax"
    jitted: dict[str, Callable[..., Any]] = {"jax": lambda x: jax.nn.leaky_relu(x), "torch": lambda x: F.leaky_relu(x, 0.2)}
    assert compare(jitted, drawn(9))["out"].explanation == "With negative_slope=0.2 in jax.nn.leaky_relu jax agrees with torch"


def test_a_weighted_mean_of_keras_is_named_though_the_loss_does_not_run_in_float64() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    labels, weights = np.array([0, 1, 1, 2, 2, 2]), np.array([5.0, 2.0, 0.5], "float32")
    functions = {
        "torch": lambda x: F.cross_entropy(x, torch.from_numpy(labels), weight=torch.from_numpy(weights)),
        "keras": lambda x: keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, x, sample_weight=weights[labels]),
    }
    explanation = compare(functions, drawn(6, 3).astype("float32"))["out"].explanation
    assert "reduction='mean_with_sample_weight' in keras.losses.SparseCategoricalCrossentropy keras agrees" in explanation


def test_two_differences_at_once_are_named() -> None:
    functions = {"first": lambda x: torch.relu(x + 1e-5), "second": lambda x: F.softplus(x + 1e-3)}
    explanation = compare(functions, torch.from_numpy(drawn(4)))["out"].explanation
    words = "With 0.001 in a lambda, in place of 1e-05, and with log(1 + exp(x)) in place of torch.relu, first agrees with second"
    assert explanation == words


def stepped(x: Any, **settings: Any) -> Any:
    weight = torch.nn.Parameter(x.detach().clone())
    steps = torch.optim.RMSprop([weight], lr=0.1, **settings)
    for _ in range(3):
        weight.grad = weight.detach().cos()
        steps.step()
    return weight.detach()


def test_two_settings_of_an_optimizer_are_named() -> None:
    functions = {"plain": lambda x: stepped(x), "other": lambda x: stepped(x, centered=True, momentum=0.9)}
    explanation = compare(functions, torch.from_numpy(drawn(4)), gradients=False)["out"].explanation
    assert "momentum=0.9 in torch.optim.RMSprop" in explanation, explanation
    assert "centered=True in torch.optim.RMSprop" in explanation, explanation


def test_code_that_differs_by_more_is_not_explained() -> None:
    functions = {"first": lambda x: torch.relu(x + 1e-5), "second": lambda x: F.softplus(x * x + 1e-3)}
    assert compare(functions, torch.from_numpy(drawn(4)))["out"].explanation == ""
