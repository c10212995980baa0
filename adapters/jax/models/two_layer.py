"""The network of the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class TwoLayer(linen.Module):
    """x -> Dense -> relu -> Dense -> sigmoid, with a loss on the probabilities."""

    hidden_units: int
    outputs: int
    criterion: str = "binary_cross_entropy"

    def setup(self) -> None:
        self.hidden = linen.Dense(self.hidden_units)
        self.output = linen.Dense(self.outputs)

    def __call__(self, x: Array) -> Array:
        return jax.nn.sigmoid(self.output(jax.nn.relu(self.hidden(x))))

    def loss(self, x: Array, labels: Array) -> Array:
        p = self(x)
        if self.criterion == "mse":
            return jnp.mean(optax.squared_error(p, labels))
        q = jnp.clip(p, 1e-7, 1 - 1e-7)
        return -jnp.mean(labels * jnp.log(q) + (1 - labels) * jnp.log1p(-q))


def _build(params: Mapping[str, Any], *, loss: str = "binary_cross_entropy") -> TwoLayer:
    return TwoLayer(*params["output.weight"].shape, loss)


MODEL = NativeModel(_build, lambda names, **_: dict.fromkeys(("hidden", "output"), Layer(LAYOUTS["linear"])))
