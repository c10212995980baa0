"""The cause of a wrong gradient in words, where the rule is inside of something else: a layer, a compiled function."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

pytestmark = pytest.mark.explained


def explained(function: Any, inputs: Any) -> str:
    """The cause that is told of the first gradient that is wrong."""
    return next(finding.explanation for finding in check_function(function, inputs) if finding.verdict == "wrong")


def test_another_tensor_of_the_same_shape() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Masked(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, mask: Any) -> Any:
            ctx.save_for_backward(x, weight, mask)
            return torch.tanh(x * weight).masked_fill(~mask, 0)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight, mask = ctx.saved_tensors
            dz = dout * (1 - torch.tanh(x * weight) ** 2)
            kept = dz.masked_fill(~mask, 0)
            return kept * weight, (dz * x).sum(0), None

    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((4, 7), (7,)))
    assert "+ (kept * x).sum(0)" in explained(Masked.apply, (x, weight, torch.rand(4, 7, generator=generator) > 0.3))


def test_a_rule_inside_a_jitted_function() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    @jax.custom_vjp
    def cubed(x: Any) -> Any:
        return x**3

    def backward(x: Any, dout: Any) -> Any:
        return (2 * dout * x**2,)

    cubed.defvjp(lambda x: (cubed(x), x), backward)
    found = explained(jax.jit(lambda x: jax.numpy.tanh(cubed(x))), jax.numpy.linspace(-1.1, 0.9, 5))
    assert "+ 3 * dout * x ** 2" in found


def test_a_rule_inside_a_traced_function_whose_gradient_has_another_shape_than_the_inputs() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def silu(x: Any) -> Any:
        s = tf.sigmoid(x)

        def gradient(dout: Any) -> Any:
            return dout * (s + x * s)

        return x * s, gradient

    @tf.function
    def layer(x: Any, weight: Any) -> Any:
        return silu(x @ weight)

    x, weight = (tf.random.stateless_normal(shape, (1, 2), dtype=tf.float64) for shape in ((4, 5), (5, 3)))
    assert "+ return dout * (s + x * s * (1 - s))" in explained(layer, (x, weight))
    assert not tf.config.functions_run_eagerly()
