"""Functions that take float32 alone: they are differentiated in float64 all the same, each operation by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

SHARP = 1e-9
"""What differences in float64 see; those in float32 see 1e-4."""
SMALL = 1e-6
"""A relative error of one row of a gradient, below what float32 shows."""
X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
TAKES = "for the function takes float32 alone"


def of_pytorch() -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """A function that adds a tensor in float32, the same with a wrong rule, and its input."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Tanh(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.tanh() @ torch.ones(4, 2)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            rows = torch.tensor([[1.0], [1.0], [1 + SMALL]])
            return dout @ torch.ones(2, 4) * (1 - x.tanh() ** 2) * rows

    return lambda x: x.tanh() @ torch.ones(4, 2), Tanh.apply, torch.from_numpy(X)


def of_tensorflow() -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """The same."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def wrong(x: Any) -> Any:
        out = tf.tanh(x)
        rows = tf.constant([[1.0], [1.0], [1 + SMALL]])
        return out @ tf.ones((4, 2)), lambda dout: dout @ tf.ones((2, 4)) * (1 - out * out) * rows

    return lambda x: tf.tanh(x) @ tf.ones((4, 2)), wrong, tf.constant(X)


def of_jax() -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """The same."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def right(x: Any) -> Any:
        return jax.lax.dot(jnp.tanh(x), jnp.ones((4, 2), jnp.float32))

    @jax.custom_vjp
    def wrong(x: Any) -> Any:
        return right(x)

    def backward(x: Any, dout: Any) -> Any:
        rows = jnp.asarray([[1.0], [1.0], [1 + SMALL]], jnp.float32)
        return (jax.lax.dot(dout, jnp.ones((2, 4), jnp.float32)) * (1 - jnp.tanh(x) ** 2) * rows,)

    wrong.defvjp(lambda x: (right(x), x), backward)
    return right, wrong, jnp.asarray(X)


@pytest.mark.parametrize("framework", [of_pytorch, of_tensorflow, of_jax])
def test_float64_tells(framework: Callable[[], Any]) -> None:
    right, wrong, x = framework()
    report = check_function(right, x, order=2)
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert report["order 2: dx"].sight < SHARP
    report = check_function(wrong, x)
    assert report["dx"].verdict == "wrong", report
    assert {index[0] for index in report["dx"].where} == {2}
    assert report["float32: dx"].verdict == "right"


def test_cotangents_are_not_rounded_where_jax_has_no_float64() -> None:
    """The process has JAX's default: without float64 it makes float32 of whatever asks for more."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    right, _, x = of_jax()
    with jax.enable_x64(False):
        report = check_function(right, x)
    assert report["dx"].verdict == "right", report
    assert report["dx"].sight < SHARP


def test_inputs_of_two_dtypes() -> None:
    """A layer that keeps its weight in float32, and takes bfloat16."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, weight = torch.from_numpy(X).bfloat16(), torch.from_numpy(X[:2])
    report = check_function(lambda x, weight: torch.nn.functional.linear(x.float(), weight), (x, weight))
    assert report.ok, report
    assert report["dx"].sight < SHARP
    doubled = check_function(
        lambda x, weight: 2 * torch.nn.functional.linear(x.float(), weight),
        (x, weight),
        reference=lambda x, weight: torch.nn.functional.linear(x.float(), weight),
    )
    assert doubled["bfloat16: out"].verdict == "wrong", doubled


def test_it_is_said() -> None:
    right, _, x = of_pytorch()
    assert TAKES in check_function(right, x).examined


def test_what_leaves_the_framework_is_examined_in_float32() -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Sine(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            assert x.dtype == torch.float32
            return torch.from_numpy(np.sin(x.numpy()))

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return torch.from_numpy(dout.numpy() * np.cos(x.numpy()))

    report = check_function(Sine.apply, torch.from_numpy(X))
    assert report.verdict != "wrong", report
    assert report["float64"].verdict == "note"
    assert TAKES not in report.examined


@pytest.mark.parametrize("seed", range(4))
def test_what_is_rounded_to_a_narrower_dtype_inside_is_linear_but_for_that(seed: int) -> None:
    """Gradients of a function that takes float32 alone, and rounds to bfloat16."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    weight, bias = torch.from_numpy(X), torch.from_numpy(X[0, :3])

    def rounding(x: Any, weight: Any, bias: Any) -> Any:
        return torch.nn.functional.linear(x.float(), weight, bias).bfloat16().float()

    report = check_function(rounding, (torch.from_numpy(X), weight, bias), seed=seed)
    assert report.ok, report
    assert TAKES in report.examined
