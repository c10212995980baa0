"""Functions of JAX that cast to float32 or bfloat16 inside: differences are taken without the rounding of the casts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = jax.numpy
SHARP = 1e-9
"""What differences in float64 see; those of a function that rounds to float32 inside see 1e-4."""


def drawn(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape).astype("float32"))


def rms_norm(x: Any, weight: Any) -> Any:
    """As language models have it."""
    wide = x.astype(jnp.float32)
    return weight * (wide * jax.lax.rsqrt(jnp.mean(wide**2, -1, keepdims=True) + 1e-6)).astype(x.dtype)


def scanned(x: Any) -> Any:
    return jax.lax.scan(lambda h, x: ((h + jnp.tanh(x)).astype(jnp.bfloat16).astype(x.dtype), h), x[0], x)[1]


@jax.custom_vjp  # type: ignore[untyped-decorator]  # JAX may be missing
def off(x: Any) -> Any:
    """Its backward is off by a hundred thousandth at one element."""
    return jnp.tanh(x.astype(jnp.float32)).astype(x.dtype)


def _forward(x: Any) -> Any:
    out = off(x)
    return out, out


def _backward(out: Any, dout: Any) -> Any:
    dx = dout * (1 - out * out)
    return (dx.at[0, 4].multiply(1.00001),)


off.defvjp(_forward, _backward)
FUNCTIONS = {
    "softmax": (lambda x: jax.nn.softmax(x.astype(jnp.float32)).astype(x.dtype), (drawn(3, 6),)),
    "RMSNorm": (rms_norm, (drawn(3, 6), drawn(6))),
    "scan": (scanned, (drawn(3, 6),)),
    "jit": (jax.jit(rms_norm), (drawn(3, 6), drawn(6))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_casts_hide_nothing(name: str) -> None:
    function, inputs = FUNCTIONS[name]
    report = check_function(function, inputs)
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert f"its casts to {'bfloat16' if name == 'scan' else 'float32'} round nothing" in report.examined


def test_a_small_mistake_is_seen_behind_the_casts() -> None:
    finding = check_function(off, drawn(3, 6))["dx"]
    assert finding.verdict == "wrong"
    assert finding.where == ((0, 4),)


def swish(x: Any) -> Any:
    return x * jax.nn.sigmoid(x)


def slope(x: Any, one: float = 1.0) -> Any:
    return jax.nn.sigmoid(x) * (one + x * (1 - jax.nn.sigmoid(x)))


def _kept_narrow(one: float = 1.0) -> Any:
    """A rule that keeps its residual in bfloat16, to save memory. Forward casts nothing."""
    rule = jax.custom_vjp(swish)
    rule.defvjp(lambda x: (swish(x), x.astype(jnp.bfloat16)), lambda kept, dout: (dout * slope(kept.astype(dout.dtype), one),))
    return rule


def _of_tangents() -> Any:
    rule = jax.custom_jvp(swish)
    rule.defjvps(lambda tangent, _, x: tangent * slope(x.astype(jnp.bfloat16).astype(x.dtype)))
    return rule


@pytest.mark.parametrize("rule", [_kept_narrow(), _of_tangents()], ids=["custom_vjp", "custom_jvp"])
def test_the_casts_of_a_rule_alone_hide_nothing_either(rule: Any) -> None:
    report = check_function(rule, drawn(3, 6))
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert "its casts to bfloat16 round nothing" in report.examined


def test_a_mistake_below_the_digits_of_a_residual_is_seen() -> None:
    assert check_function(_kept_narrow(1.0001), drawn(3, 6))["dx"].verdict == "wrong"
