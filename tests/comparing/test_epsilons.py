"""`compare` names where an epsilon stands beside a root, also where another setting differs at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional
INSIDE = "epsilon inside the root, sqrt(v + eps)"
OUTSIDE = "epsilon outside of the root, sqrt(v) + eps"
BEFORE = "epsilon before v is divided, (sqrt(v) + eps) / sqrt(d)"


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape)


def adam(x: Any, step: Callable[[Any, Any, float, float], Any]) -> Any:
    """Three steps. step(m, v, c, d) is one: the corrections of the bias are c and d."""
    m = v = 0 * x
    for t in range(1, 4):
        slope = x.cos()
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope * slope
        x = x - 0.1 * step(m, v, 1 - 0.9**t, 1 - 0.999**t)
    return x


def outside(x: Any) -> Any:
    return adam(x, lambda m, v, c, d: m / c / ((v / d).sqrt() + 1e-4))


def inside(x: Any) -> Any:
    return adam(x, lambda m, v, c, d: m / c / torch.sqrt(v / d + 1e-4))


def hat(x: Any) -> Any:
    """As TensorFlow and Keras write it: epsilon is added before the bias is corrected."""
    return adam(x, lambda m, v, c, d: d**0.5 / c * m / (v**0.5 + 1e-4))


def stepped(x: Any, optimizer: Any) -> Any:
    weight = torch.nn.Parameter(x.detach().clone())
    steps = optimizer([weight])
    for _ in range(3):
        weight.grad = weight.detach().cos()
        steps.step()
    return weight.detach()


def of_torch(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.Adam(weights, lr=0.1, eps=1e-4))


def rmsprop(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.RMSprop(weights, lr=0.1))


def rmsprop_inside(x: Any) -> Any:
    v = 0 * x
    for _ in range(3):
        slope = x.cos()
        v = 0.9 * v + 0.1 * slope * slope
        x = x - 0.1 * slope / (v + 1e-5).sqrt()
    return x


def unit(x: Any) -> Any:
    return x / (x.norm(dim=-1, keepdim=True) + 1e-3)


CASES: dict[str, tuple[Any, Any, str]] = {
    "inside": (outside, inside, f"With {INSIDE}, first agrees with second"),
    "outside": (inside, outside, f"With {OUTSIDE}, first agrees with second"),
    "hat": (outside, hat, f"With {BEFORE}, first agrees with second"),
    "hat, the other way round": (hat, outside, f"With {BEFORE}, second agrees with first"),
    "a library": (of_torch, inside, f"With {INSIDE}, first agrees with second"),
    "hat of a library": (of_torch, hat, f"With {BEFORE}, first agrees with second"),
    "another value": (
        of_torch,
        lambda x: adam(x, lambda m, v, c, d: m / c / (v / d + 1e-3).sqrt()),
        "With epsilon=0.001 inside the root, sqrt(v + eps), first agrees with second",
    ),
    "and another setting": (
        rmsprop,
        rmsprop_inside,
        "With alpha=0.9 in torch.optim.RMSprop, and with epsilon=1e-05 inside the root, sqrt(v + eps), first agrees with second",
    ),
    "a norm": (
        unit,
        lambda x: F.normalize(x, dim=-1, eps=1e-3),
        "With epsilon as a lower bound, max(sqrt(v), eps), first agrees with second",
    ),
    "a deviation": (
        lambda x: F.layer_norm(x, (4,), eps=1e-2),
        lambda x: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-2),
        "With correction=0 in x.std(), and with epsilon inside the root, sqrt(v + eps), second agrees with first",
    ),
    "none": (
        lambda x: x.logsumexp(-1),
        lambda x: (x.exp().sum(-1) + 1e-3).log(),
        "With 0.0 in a lambda, in place of 0.001, second agrees with first",
    ),
    "a bound": (
        lambda x: F.normalize(x, dim=-1, eps=1e-3),
        lambda x: x * (x * x).sum(-1, keepdim=True).add(1e-6).rsqrt(),
        "With epsilon squared inside the root, sqrt(v + eps^2), first agrees with second",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_place_of_an_epsilon_is_named(name: str) -> None:
    first, second, words = CASES[name]
    report = compare({"first": first, "second": second}, torch.from_numpy(drawn(3, 4)), gradients=False)
    assert report["out"].explanation == words


def test_a_function_runs_as_before_afterwards() -> None:
    x = torch.from_numpy(drawn(3, 4))
    before = unit(x)
    first = compare({"first": unit, "second": lambda x: F.normalize(x, dim=-1)}, x)
    assert first["out"].explanation == compare({"first": unit, "second": lambda x: F.normalize(x, dim=-1)}, x)["out"].explanation
    assert bool((unit(x) == before).all())


def test_the_same_optimizer_has_no_explanation() -> None:
    report = compare({"first": outside, "second": of_torch}, torch.from_numpy(drawn(3, 4)), gradients=False)
    assert report.ok
    assert report["out"].explanation == ""


def test_the_place_is_named_in_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    numpy = jax.numpy
    functions = {
        "first": jax.jit(lambda x: x / (numpy.sqrt((x * x).mean(-1, keepdims=True)) + 1e-3)),
        "second": lambda x: x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-3),
    }
    report = compare(functions, numpy.asarray(drawn(3, 4), "float32"))
    assert report["out"].explanation == f"With {INSIDE}, first agrees with second"


def test_the_place_is_named_in_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    functions = {
        "first": lambda x: x / (tf.sqrt(tf.reduce_mean(x * x, -1, keepdims=True)) + 1e-3),
        "second": lambda x: x * tf.math.rsqrt(tf.reduce_mean(x * x, -1, keepdims=True) + 1e-3),
    }
    report = compare(functions, tf.constant(drawn(3, 4), "float32"))
    assert report["out"].explanation == f"With {INSIDE}, first agrees with second"


def test_adagrad_of_keras_keeps_its_rate_in_float32_and_its_epsilon_inside_the_root() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    def of_keras(x: Any) -> Any:
        weight = keras.Variable(x)
        steps = keras.optimizers.Adagrad(0.1, epsilon=1e-3)
        for _ in range(3):
            steps.apply([keras.ops.cos(weight.value)], [weight])
        return weight.value

    def adagrad(x: Any) -> Any:
        return stepped(x, lambda weights: torch.optim.Adagrad(weights, lr=0.1, eps=1e-3, initial_accumulator_value=0.1))

    explanation = compare({"torch": adagrad, "keras": of_keras}, drawn(5), gradients=False)["out"].explanation
    assert explanation == f"With {INSIDE}, and 0.1 rounded to float32, torch agrees with keras"


def test_what_is_nearest_is_told_with_its_digits() -> None:
    def near(x: Any) -> Any:
        return F.layer_norm(x, (4,), eps=1e-3) + 1e-6 * x.sin()

    report = compare({"near": near, "far": lambda x: F.layer_norm(x, (4,), eps=1e-1)}, torch.from_numpy(drawn(3, 4)))
    assert report["out"].explanation == "With eps=0.001 in F.layer_norm far agrees with near to 6 digits"


def test_jitted_functions_keep_their_own_numbers() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    x = jax.numpy.asarray(drawn(3, 4), "float32")
    first = jax.jit(lambda x: x / (x.std(-1, keepdims=True) + 1e-3))
    report = compare({"first": first, "second": lambda x: x / (x.std(-1, keepdims=True) + 5e-3)}, x)
    assert report["out"].explanation == "With 0.005 in a lambda, in place of 0.001, first agrees with second"
    with jax.enable_x64(True):
        wide = x.astype("float64")
        assert bool((first(wide) == jax.jit(lambda x: x / (x.std(-1, keepdims=True) + 1e-3))(wide)).all())
