"""The JAX adapter: jax.nn and optax losses, models as pytrees, optax."""

from __future__ import annotations

from adapters import functions
from adapters.jax import models as _models
from adapters.jax import optimizers as _optimizers
from adapters.jax.ops import activations, layers, losses
from adapters.jax.training import gradients, loss, named, optimize, predict, trainer
from gradwitness import frameworks

__all__ = ["gradients", "loss", "named", "optimize", "predict", "trainer"]

NAME = "jax"
framework = frameworks.load(NAME)
ops = functions(activations, losses, layers)
missing: dict[str, str] = {}
models = _models.MODELS
optimizers = functions(_optimizers)
