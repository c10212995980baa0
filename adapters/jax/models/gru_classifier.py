"""The sequence classifier with a GRU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import optax
from flax import linen
from jax import Array, lax

from ...layout import input_bias_alone
from ...parameters import Layer
from ..layouts.recurrent import LAYOUTS as RECURRENT
from ..native import NativeModel
from ..ops.layers import LAYOUTS


def _held(variables: dict[str, Any]) -> dict[str, Any]:
    """The same, and no gradient for the bias of the hidden state, of which flax has the candidate's alone."""
    cell = variables.get("params", {})
    if "hn" not in cell:  # nothing is there yet
        return variables
    return {"params": {**cell, "hn": {**cell["hn"], "bias": lax.stop_gradient(cell["hn"]["bias"])}}}


class GRUClassifier(linen.Module):
    """A GRU, and a dense layer on its last hidden state for the logits, under cross entropy."""

    hidden: int
    classes: int
    dtype: Any

    def setup(self) -> None:
        cell = linen.map_variables(linen.GRUCell, "params", _held, init=self.is_initializing())
        # A cell makes its initial state of param_dtype.
        self.gru = linen.RNN(cell(self.hidden, param_dtype=self.dtype, parent=None), return_carry=True)
        self.output = linen.Dense(self.classes)

    def __call__(self, x: Array) -> Array:
        h_last, _ = self.gru(x)
        return self.output(h_last)

    def loss(self, x: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(x), labels))


def _build(params: Mapping[str, Any]) -> GRUClassifier:
    return GRUClassifier(*params["output.weight"].shape, params["output.weight"].dtype)


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    gru = input_bias_alone(RECURRENT["gru"], jnp.zeros_like)
    return {"gru": Layer(gru), "output": Layer(LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers)
