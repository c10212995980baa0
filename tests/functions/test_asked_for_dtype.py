"""Functions whose code asks for the dtype: where they compute something else in it, nobody knows which is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks
from gradwitness.report import Report

X = np.linspace(-2, 2, 12).reshape(3, 4)
FRAMEWORKS = ("torch", "tensorflow", "jax")


def called(name: str, which: str, **kwargs: Any) -> Report:
    """What is said of one of the functions in bfloat16."""
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    frameworks.load(name)
    tensor, functions = {"torch": of_torch, "tensorflow": of_tensorflow, "jax": of_jax}[name]()
    if "reference" in kwargs:
        kwargs["reference"] = functions[kwargs["reference"]]
    return check_function(functions[which], tensor, dtypes="bfloat16", **kwargs)


def of_torch() -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    import torch

    def by_norm(x: Any) -> Any:
        return x / ((x * x).sum(-1, keepdim=True).sqrt() + torch.finfo(x.dtype).eps)

    return torch.tensor(X), {
        "plain": torch.tanh,
        "half as much again": lambda x: torch.tanh(x) * (1.5 if x.dtype == torch.bfloat16 else 1),
        "computes in float32": lambda x: torch.tanh(x.float()).to(x.dtype) if x.dtype == torch.bfloat16 else torch.tanh(x),
        "an epsilon of the dtype": by_norm,
        "draws": lambda x: x * torch.rand_like(x),
    }


def of_tensorflow() -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    import tensorflow as tf

    def by_norm(x: Any) -> Any:
        return x / (tf.sqrt(tf.reduce_sum(x * x, -1, keepdims=True)) + (2.0**-8 if x.dtype == tf.bfloat16 else 2.0**-53))

    def in_float32(x: Any) -> Any:
        return tf.cast(tf.tanh(tf.cast(x, tf.float32)), x.dtype) if x.dtype == tf.bfloat16 else tf.tanh(x)

    return tf.constant(X), {
        "plain": tf.tanh,
        "half as much again": lambda x: tf.tanh(x) * (1.5 if x.dtype == tf.bfloat16 else 1),
        "computes in float32": in_float32,
        "an epsilon of the dtype": by_norm,
        "draws": lambda x: x * tf.random.stateless_uniform(x.shape, [1, 2], dtype=x.dtype),
    }


def of_jax() -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    import jax
    import jax.numpy as jnp

    def by_norm(x: Any) -> Any:
        return x / (jnp.sqrt((x * x).sum(-1, keepdims=True)) + jnp.finfo(x.dtype).eps)

    return X, {
        "plain": jnp.tanh,
        "half as much again": lambda x: jnp.tanh(x) * (1.5 if x.dtype == jnp.bfloat16 else 1),
        "computes in float32": lambda x: jnp.tanh(x.astype("float32")).astype(x.dtype) if x.dtype == "bfloat16" else jnp.tanh(x),
        "an epsilon of the dtype": by_norm,
        "draws": lambda x: x * jax.random.uniform(jax.random.key(0), x.shape, x.dtype),
    }


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_another_function_in_the_dtype_is_not_called_right(name: str) -> None:
    report = called(name, "half as much again")
    assert report.verdict == "cannot tell"
    for about in ("out", "dx"):
        finding = report[f"bfloat16: {about}" if about == "out" else f"bfloat16: {report.findings[0].about}"]
        assert finding.verdict == "cannot tell"
        assert "Its code asks for the dtype" in finding.message


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_reference_says_which_is_meant(name: str) -> None:
    assert called(name, "half as much again", reference="plain").verdict == "wrong"
    assert called(name, "half as much again", reference="half as much again").ok


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("which", ["plain", "computes in float32", "an epsilon of the dtype", "draws"])
def test_what_the_dtype_chooses_within_rounding_or_at_random_is_no_other_function(name: str, which: str) -> None:
    report = called(name, which)
    assert report.ok, report
