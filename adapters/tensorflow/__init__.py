"""The TensorFlow adapter: tf.nn and tf.math, keras.Model, keras.optimizers."""

from __future__ import annotations

from adapters import functions
from adapters.tensorflow import models as _models
from adapters.tensorflow import optimizers as _optimizers
from adapters.tensorflow.ops import activations, layers, losses
from adapters.tensorflow.training import gradients, loss, named, optimize, predict, trainer
from gradwitness import frameworks

__all__ = ["gradients", "loss", "named", "optimize", "predict", "trainer"]

NAME = "tensorflow"
framework = frameworks.load(NAME)
ops = functions(activations, losses, layers)
missing: dict[str, str] = {}
models = _models.MODELS
optimizers = functions(_optimizers)
