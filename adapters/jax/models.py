"""The reference's models as pytrees of parameters with a __call__, and the way of their parameters there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from gradwitness import frameworks

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "softmax": jax.nn.softmax, "tanh": jnp.tanh}


@partial(jax.tree_util.register_dataclass, data_fields=["weight", "bias"], meta_fields=[])
@dataclass(frozen=True)
class Linear:
    """x -> x @ weight + bias; weight (in, out)."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        return jnp.dot(x, self.weight) + self.bias


@partial(jax.tree_util.register_dataclass, data_fields=["hidden", "output"], meta_fields=["criterion"])
@dataclass(frozen=True)
class TwoLayer:
    """x -> Linear -> relu -> Linear -> sigmoid, with a loss on the probabilities."""

    hidden: Linear
    output: Linear
    criterion: str = "binary_cross_entropy"

    def __call__(self, x: Array) -> Array:
        return jax.nn.sigmoid(self.output(jax.nn.relu(self.hidden(x))))

    def loss(self, x: Array, labels: Array) -> Array:
        p = self(x)
        if self.criterion == "mse":
            return jnp.mean(optax.squared_error(p, labels))
        q = jnp.clip(p, 1e-7, 1 - 1e-7)
        return -jnp.mean(labels * jnp.log(q) + (1 - labels) * jnp.log1p(-q))


@partial(jax.tree_util.register_dataclass, data_fields=["layers"], meta_fields=["activation"])
@dataclass(frozen=True)
class MLP:
    """Linear layers with an activation between them, cross entropy on the logits."""

    layers: tuple[Linear, ...]
    activation: str = "relu"

    def __call__(self, x: Array) -> Array:
        for layer in self.layers[:-1]:
            x = ACTIVATIONS[self.activation](layer(x))
        return self.layers[-1](x)

    def loss(self, x: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(x), labels))


@dataclass
class Spelling:
    """One model: the pytree built of the reference's linear layers, and those layers found again in it, by name."""

    build: Callable[..., Any]
    linears: Callable[[Any], dict[str, Linear]]

    def from_reference(self, params: Mapping[str, Any], *, device: str = "cpu", **config: Any) -> Any:
        """The pytree with the reference's parameters, in their dtype and layouts."""
        put = partial(frameworks.load("jax").from_numpy, device=device)
        names = dict.fromkeys(name.rsplit(".", 1)[0] for name in params)
        linears = {name: Linear(put(params[f"{name}.weight"]), put(params[f"{name}.bias"])) for name in names}
        return self.build(linears, **config)

    def to_reference(self, model: Any) -> dict[str, Any]:
        """The pytree's leaves under the reference's names."""
        take = frameworks.load("jax").to_numpy
        leaves = ("weight", "bias")
        return {f"{name}.{leaf}": take(getattr(layer, leaf)) for name, layer in self.linears(model).items() for leaf in leaves}


def _two_layer(linears: dict[str, Linear], *, loss: str = "binary_cross_entropy") -> TwoLayer:
    return TwoLayer(linears["hidden"], linears["output"], loss)


def _mlp(linears: dict[str, Linear], *, activation: str = "relu") -> MLP:
    return MLP(tuple(linears[str(k)] for k in range(len(linears))), activation)


MODELS = {
    "two_layer": Spelling(_two_layer, lambda model: {"hidden": model.hidden, "output": model.output}),
    "mlp": Spelling(_mlp, lambda model: {str(k): layer for k, layer in enumerate(model.layers)}),
}
