"""The siamese network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
from flax import linen
from jax import Array

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS, WITHOUT_BIAS
from ..ops.losses_metric import triplet_margin


class Siamese(linen.Module):
    """Dense -> relu -> Dense, called three times, under the triplet margin loss."""

    hidden_units: int
    features: int
    margin: float = 1.0

    def setup(self) -> None:
        self.hidden = linen.Dense(self.hidden_units)
        self.embedding = linen.Dense(self.features, use_bias=False)

    def __call__(self, x: Array) -> Array:
        return self.embedding(jax.nn.relu(self.hidden(x)))

    def loss(self, x: Array) -> Array:
        anchor, positive, negative = x
        # Composed: optax's triplet loss adds its eps to the sum of squares, and not to the differences.
        return triplet_margin(self(anchor), self(positive), self(negative), margin=self.margin)


def _build(params: Mapping[str, Any], **config: Any) -> Siamese:
    return Siamese(*params["embedding.weight"].shape, **config)


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    return {"hidden": Layer(LAYOUTS["linear"]), "embedding": Layer(WITHOUT_BIAS)}


MODEL = NativeModel(_build, _layers)
