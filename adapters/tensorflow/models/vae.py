"""The variational auto-encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class VAE(keras.Model):
    """Encoder and decoder; the mean and the log-variance are two heads of the encoder."""

    def __init__(self, inputs: int, hidden: int, codes: int, *, dtype: str, beta: float = 1.0) -> None:
        super().__init__(name="vae", dtype=dtype)
        self.encoder = layers.Dense(hidden, activation="tanh", dtype=dtype, name="encoder.hidden")
        self.mean = layers.Dense(codes, dtype=dtype, name="encoder.mean")
        self.logvar = layers.Dense(codes, dtype=dtype, name="encoder.logvar")
        self.decoder = layers.Dense(hidden, activation="tanh", dtype=dtype, name="decoder.hidden")
        self.output_layer = layers.Dense(inputs, dtype=dtype, name="decoder.output")
        self.beta = beta

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the codes."""
        a = self.encoder(x)
        return self.mean(a), self.logvar(a)

    def decode(self, z: Tensor) -> Tensor:
        """Logits of the pixels."""
        return self.output_layer(self.decoder(z))

    def call(self, x: Tensor) -> Tensor:
        mean, _ = self.encode(x)
        return self.decode(mean)


def _build(params: Mapping[str, Any], dtype: str, **config: Any) -> VAE:
    inputs, hidden = params["encoder.hidden.weight"].shape
    model = VAE(inputs, hidden, params["encoder.mean.weight"].shape[1], dtype=dtype, **config)
    x = tf.zeros((1, inputs), dtype)  # makes the variables: all of them, where decoding the mean needs no log-variance
    model(x)
    model.encode(x)
    return model


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    names = ("encoder.hidden", "encoder.mean", "encoder.logvar", "decoder.hidden", "decoder.output")
    return dict.fromkeys(names, Layer(LAYOUTS["linear"]))


def _loss(model: VAE, x: Tensor, noise: Tensor) -> Tensor:
    mean, logvar = model.encode(x)
    logits = model.decode(mean + tf.exp(logvar / 2) * noise)
    # Keras takes the mean over the last axis: one pixel each here.
    pixels = keras.losses.binary_crossentropy(x[..., None], logits[..., None], from_logits=True)
    divergences = -0.5 * tf.reduce_sum(1 + logvar - tf.square(mean) - tf.exp(logvar), axis=1)
    return tf.reduce_mean(tf.reduce_sum(pixels, axis=1) + model.beta * divergences)


MODEL = NativeModel(_build, _layers, _loss)
