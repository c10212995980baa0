"""The sequence classifier with an LSTM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer
from ..layouts.recurrent import LAYOUTS as RECURRENT
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class LSTMClassifier(linen.Module):
    """An LSTM, and a dense layer on its last hidden state for the logits, under cross entropy."""

    hidden: int
    classes: int
    dtype: Any

    def setup(self) -> None:
        # A cell makes its initial state of param_dtype.
        self.lstm = linen.RNN(linen.OptimizedLSTMCell(self.hidden, param_dtype=self.dtype, parent=None), return_carry=True)
        self.output = linen.Dense(self.classes)

    def __call__(self, x: Array) -> Array:
        (_, h_last), _ = self.lstm(x)
        return self.output(h_last)

    def loss(self, x: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(x), labels))


def _build(params: Mapping[str, Any]) -> LSTMClassifier:
    return LSTMClassifier(*params["output.weight"].shape, params["output.weight"].dtype)


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    return {"lstm": Layer(RECURRENT["lstm"]), "output": Layer(LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers)
