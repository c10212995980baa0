"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer, numbered
from ..native import NativeModel
from ..ops.layers import LAYOUTS, WITHOUT_BIAS
from ..ops.normalization import LAYOUTS as NORMALIZATION
from .dropout import MaskedDropout

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "softmax": jax.nn.softmax, "tanh": jnp.tanh}


class Hidden(linen.Module):
    """Dense -> batch normalisation -> activation -> dropout."""

    width: int
    activation: str
    rate: float

    def setup(self) -> None:
        self.linear = linen.Dense(self.width, use_bias=False)
        self.norm = linen.BatchNorm(momentum=0.9, epsilon=1e-5, use_fast_variance=False)
        self.dropout = MaskedDropout(self.rate)

    def __call__(self, x: Array, mask: Array | None, training: bool) -> Array:
        n = self.norm(self.linear(x), use_running_average=not training)
        return self.dropout(ACTIVATIONS[self.activation](n), mask)


class MLP(linen.Module):
    """Hidden layers, and a dense one for the logits, under cross entropy."""

    widths: tuple[int, ...]
    activation: str = "relu"
    rate: float = 0.5

    def setup(self) -> None:
        *hidden, outputs = self.widths
        self.hidden = [Hidden(width, self.activation, self.rate) for width in hidden]
        self.output = linen.Dense(outputs)

    def __call__(self, x: Array, masks: Mapping[str, Array] | None = None, *, training: bool = False) -> Array:
        for k, layer in enumerate(self.hidden):
            x = layer(x, masks[str(k)] if masks else None, training)
        return self.output(x)

    def loss(self, x: Array, labels: Array, masks: Mapping[str, Array] | None = None) -> Array:
        logits = self(x, masks, training=True)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))


def _build(params: Mapping[str, Any], **config: Any) -> MLP:
    hidden = [params[f"hidden.{k}.linear.weight"].shape[1] for k in numbered(params, "hidden")]
    return MLP((*hidden, params["output.weight"].shape[1]), **config)


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    layers = {}
    for k in numbered(names, "hidden"):  # flax calls the k-th module of a list name_k
        layers[f"hidden.{k}.linear"] = Layer(WITHOUT_BIAS, f"hidden_{k}.linear")
        layers[f"hidden.{k}.norm"] = Layer(NORMALIZATION["batch_norm"], f"hidden_{k}.norm")
    return layers | {"output": Layer(LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers, conventions={"unbiased": False})
