"""The variational auto-encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class Encoder(linen.Module):
    """x -> mean and log-variance of its codes."""

    hidden_units: int
    codes: int

    def setup(self) -> None:
        self.hidden = linen.Dense(self.hidden_units)
        self.mean = linen.Dense(self.codes)
        self.logvar = linen.Dense(self.codes)

    def __call__(self, x: Array) -> tuple[Array, Array]:
        a = jnp.tanh(self.hidden(x))
        return self.mean(a), self.logvar(a)


class Decoder(linen.Module):
    """z -> logits of the pixels."""

    hidden_units: int
    outputs: int

    def setup(self) -> None:
        self.hidden = linen.Dense(self.hidden_units)
        self.output = linen.Dense(self.outputs)

    def __call__(self, z: Array) -> Array:
        return self.output(jnp.tanh(self.hidden(z)))


class VAE(linen.Module):
    """Encoder and decoder, under the reconstruction of the images and the divergence of the codes from N(0, 1)."""

    inputs: int
    hidden_units: int
    codes: int
    beta: float = 1.0

    def setup(self) -> None:
        self.encoder = Encoder(self.hidden_units, self.codes)
        self.decoder = Decoder(self.hidden_units, self.inputs)

    def __call__(self, x: Array) -> Array:
        mean, _ = self.encoder(x)
        return self.decoder(mean)

    def loss(self, x: Array, noise: Array) -> Array:
        mean, logvar = self.encoder(x)
        logits = self.decoder(mean + jnp.exp(logvar / 2) * noise)
        reconstruction = optax.sigmoid_binary_cross_entropy(logits, x).sum(axis=1)
        divergence = -0.5 * jnp.sum(1 + logvar - jnp.square(mean) - jnp.exp(logvar), axis=1)
        return jnp.mean(reconstruction + self.beta * divergence)


def _build(params: Mapping[str, Any], **config: Any) -> VAE:
    return VAE(params["encoder.hidden.weight"].shape[0], *params["encoder.mean.weight"].shape, **config)


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    names = ("encoder.hidden", "encoder.mean", "encoder.logvar", "decoder.hidden", "decoder.output")
    return dict.fromkeys(names, Layer(LAYOUTS["linear"]))


MODEL = NativeModel(_build, _layers)
