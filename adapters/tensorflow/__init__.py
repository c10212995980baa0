"""The TensorFlow adapter: tf.nn and tf.math, keras.Model, keras.optimizers."""

from __future__ import annotations

from gradwitness import frameworks

from .. import functions, layouts_of
from . import clipping as _clipping
from . import models as _models
from . import optimizers as _optimizers
from . import schedules as _schedules
from .ops import (
    activations,
    attention,
    composition,
    convolution,
    ctc,
    embedding,
    layers,
    losses,
    losses_metric,
    losses_probability,
    normalization,
    pooling,
    recurrent,
    shape,
)
from .training import gradients, loss, named, named_state, optimize, predict, trainer

__all__ = ["gradients", "loss", "named", "named_state", "optimize", "predict", "trainer"]

NAME = "tensorflow"
framework = frameworks.load(NAME)
_FAMILIES = (
    activations,
    losses,
    losses_probability,
    losses_metric,
    ctc,
    layers,
    convolution,
    pooling,
    shape,
    normalization,
    composition,
    recurrent,
    attention,
    embedding,
)
ops = functions(*_FAMILIES)
layouts = layouts_of(*_FAMILIES)
missing: dict[str, str] = {}
models = _models.MODELS
optimizers = functions(_optimizers)
conventions = {**_optimizers.CONVENTIONS, **_clipping.CONVENTIONS}
clipping = _clipping.CLIPPING
lacking = _optimizers.LACKING
schedules = _schedules.SCHEDULES
rates = _schedules.rates
