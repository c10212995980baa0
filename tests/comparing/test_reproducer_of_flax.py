"""A script about a module of flax.linen makes it anew from its class and its fields; one of nnx is refused with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwitness import check_function
from gradwitness.reproducing.source import source_of

linen = pytest.importorskip("flax.linen", reason="flax is not installed")

import jax  # noqa: E402  needs JAX
import jax.numpy as jnp  # noqa: E402  likewise
from flax import nnx  # noqa: E402  likewise

X = jnp.array([[300.0, 0.0]])
"""The square of 300 is beyond the largest number of float16."""


class Unit(linen.Module):  # type: ignore[misc]  # flax's types are Any here
    """A linear layer, each row divided by its length."""

    features: int
    activation: Any = linen.tanh

    @linen.compact
    def __call__(self, x: Any) -> Any:
        h = linen.Dense(self.features, kernel_init=linen.initializers.ones)(x)
        return self.activation(h / jnp.sqrt((h * h).sum(-1, keepdims=True)))


class OfNnx(nnx.Module):  # type: ignore[misc]  # likewise
    """The same of nnx."""

    def __init__(self) -> None:
        self.layer = nnx.Linear(2, 2, rngs=nnx.Rngs(0), kernel_init=nnx.initializers.ones)

    def __call__(self, x: Any) -> Any:
        h = self.layer(x)
        return h / jnp.sqrt((h * h).sum(-1, keepdims=True))


def test_a_module_of_linen(tmp_path: Path) -> None:
    """The script has run once, and its exit status was 1."""
    module = Unit(2, activation=linen.relu)
    check_function(module, (module.init(jax.random.key(0), X), X), dtypes="float16").reproducer(tmp_path / "script.py")
    text = (tmp_path / "script.py").read_text()
    assert "Unit(features=2, activation=jax.nn.relu).apply(" in text
    assert "class Unit(linen.Module)" in text


def test_a_module_and_its_apply_are_written_alike() -> None:
    module = linen.Sequential([linen.Dense(2, use_bias=False), linen.relu])
    texts = [source_of(function, "jax").name for function in (module, module.apply)]
    assert texts == ["flax.linen.Sequential(layers=[flax.linen.Dense(features=2, use_bias=False), jax.nn.relu]).apply"] * 2


def test_a_module_of_nnx_is_refused_with_a_reason(tmp_path: Path) -> None:
    report = check_function(OfNnx(), X, dtypes="float16")
    with pytest.raises(ValueError, match="they are held by an object: make them inputs of a plain function"):
        report.reproducer(tmp_path / "script.py")


def test_a_module_that_a_function_names_is_pasted() -> None:
    """It has a dtype, and no shape."""
    dense = linen.Dense(2)
    source = source_of(lambda x: dense.apply({}, x), "jax", "function")
    assert source.pasted
