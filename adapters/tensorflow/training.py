"""How TensorFlow runs a Keras model: a GradientTape around the loss, and the loop's body around an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from gradwitness import frameworks

_framework = frameworks.load("tensorflow")

Batch = Mapping[str, Any]


def predict(model: keras.Model, mode: str = "eager") -> Callable[[Tensor], Tensor]:
    """x -> the model's output, in evaluation."""
    return _framework.compile(lambda x: model(x, training=False), mode)


def loss(model: Any, mode: str = "eager") -> Callable[[Batch], Tensor]:
    """batch -> the model's loss, as in training."""
    return _framework.compile(lambda batch: model.native.loss(model, **batch), mode)


@lru_cache(maxsize=4)  # a model that is given other parameters need not be traced anew
def gradients(model: Any, mode: str = "eager") -> Callable[[Batch, Tensor], tuple[Tensor, Any, Tensor | None, Any]]:
    """(batch, dout) -> (loss, dparams, dx, state); dparams and state by the paths of the model's variables."""

    def run(batch: Batch, dout: Tensor) -> tuple[Tensor, Any, Tensor | None, Any]:
        x = {name: tensor for name, tensor in batch.items() if name == "x"}  # a batch of tokens has none
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = model.native.loss(model, **batch)
        variables = {v.path: v.value for v in model.trainable_variables}
        dparams, dx = tape.gradient(value, (variables, x), output_gradients=dout)
        # The gradient of a look-up is sparse (IndexedSlices).
        dparams = {path: tf.convert_to_tensor(grad) for path, grad in dparams.items()}
        return value, dparams, dx.get("x"), {v.path: tf.convert_to_tensor(v.value) for v in model.non_trainable_variables}

    return _framework.compile(run, mode)


def named(dparams: Mapping[str, Tensor], model: Any) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return model.native.rename(dparams, model)


def named_state(state: Mapping[str, Tensor], model: Any) -> dict[str, Any]:
    """Running statistics, which the model keeps itself, likewise."""
    return model.native.rename(state, model)


class Trainer:
    """Forward under a tape, gradient, apply."""

    def __init__(self, model: Any, optimizer: keras.optimizers.Optimizer, mode: str = "eager") -> None:
        self.model = model
        optimizer.build(model.trainable_variables)  # a tf.function may not create variables

        def step(batch: Batch) -> Tensor:
            with tf.GradientTape() as tape:
                value = model.native.loss(model, **batch)
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
            return value

        self.step = _framework.compile(step, mode)


trainer = Trainer


def optimize(optimizer: keras.optimizers.Optimizer, mode: str = "eager") -> Callable[[Tensor, Sequence[Tensor]], list[Tensor]]:
    """(param, grads) -> the parameter after each step, given the gradient of each.

    Shapes, dtype and device are those of the first call: what Keras keeps of it is put back for the next.
    """
    kept: list[tuple[keras.Variable, Tensor]] = []

    def begin(param: Tensor) -> None:
        if not kept:
            with tf.device(param.device):
                variable = keras.Variable(param, dtype=param.dtype.name)
            optimizer.build([variable])  # a tf.function may not create variables
            kept.extend((v, tf.identity(v.value)) for v in (variable, *optimizer.variables))
        for variable, value in kept[1:]:
            variable.assign(value)
        kept[0][0].assign(param)

    def apply(grad: Tensor) -> Tensor:
        variable = kept[0][0]
        optimizer.apply_gradients([(grad, variable)])
        return tf.identity(variable.value)

    step = _framework.compile(apply, mode)

    def run(param: Tensor, grads: Sequence[Tensor]) -> list[Tensor]:
        begin(param)
        return [step(grad) for grad in grads]

    return run
