"""Second derivatives of functions that cast to float32 inside: they are taken without the rounding of the casts, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

SHARP = 1e-9
"""What differences in float64 see; those of a gradient that rounds to float32 inside see 1e-4, where they see anything."""
PART = 2.0**-22
"""Of a value that backward holds constant: its second derivative is off by so much. float32 holds 1 - PART."""
X, WEIGHT = (np.random.default_rng(0).normal(size=shape).astype("float32") for shape in ((3, 5), (5,)))


def of_pytorch() -> tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]:
    """RMSNorm as language models have it, a tanh whose second derivative is wrong, and inputs."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    def rms_norm(x: Any, weight: Any) -> Any:
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * weight

    class Tanh(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x.float().tanh()
            ctx.save_for_backward(x)
            return out.to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            out = x.float().tanh()
            out = (1 - PART) * out + PART * out.detach()
            return dout * (1 - out * out).to(x.dtype)

    return rms_norm, Tanh.apply, (torch.from_numpy(X), torch.from_numpy(WEIGHT))


def of_jax() -> tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]:
    """The same."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def rms_norm(x: Any, weight: Any) -> Any:
        wide = x.astype(jnp.float32)
        return (wide * jax.lax.rsqrt((wide**2).mean(-1, keepdims=True) + 1e-6)).astype(x.dtype) * weight

    @jax.custom_vjp
    def tanh(x: Any) -> Any:
        return jnp.tanh(x.astype(jnp.float32)).astype(x.dtype)

    def backward(x: Any, dout: Any) -> Any:
        out = jnp.tanh(x.astype(jnp.float32))
        out = (1 - PART) * out + PART * jax.lax.stop_gradient(out)
        return (dout * (1 - out * out).astype(x.dtype),)

    tanh.defvjp(lambda x: (tanh(x), x), backward)
    return rms_norm, tanh, (jnp.asarray(X), jnp.asarray(WEIGHT))


def of_tensorflow() -> tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]:
    """The same."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    def rms_norm(x: Any, weight: Any) -> Any:
        wide = tf.cast(x, tf.float32)
        return weight * tf.cast(wide * tf.math.rsqrt(tf.reduce_mean(wide**2, -1, keepdims=True) + 1e-6), x.dtype)

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def tanh(x: Any) -> Any:
        def backward(dout: Any) -> Any:
            out = tf.tanh(tf.cast(x, tf.float32))
            out = (1 - PART) * out + PART * tf.stop_gradient(out)
            return dout * tf.cast(1 - out * out, x.dtype)

        return tf.cast(tf.tanh(tf.cast(x, tf.float32)), x.dtype), backward

    return rms_norm, tanh, (tf.constant(X), tf.constant(WEIGHT))


@pytest.mark.parametrize("framework", [of_pytorch, of_jax, of_tensorflow])
def test_the_casts_hide_nothing(framework: Callable[[], Any]) -> None:
    right, wrong, inputs = framework()
    report = check_function(right, inputs, order=2)
    assert report.ok, report
    assert report["order 2: dx"].sight < SHARP
    report = check_function(wrong, inputs[0], order=2)
    assert report["dx"].verdict == "right", report
    assert report["order 2: dx"].verdict == "wrong", report
