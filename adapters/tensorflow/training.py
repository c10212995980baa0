"""How TensorFlow runs a Keras model: a GradientTape around the loss, and the loop's body around an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from gradwitness import frameworks

_framework = frameworks.load("tensorflow")


def predict(model: keras.Model, mode: str = "eager") -> Callable[[Tensor], Tensor]:
    """x -> the model's output."""
    return _framework.compile(lambda x: model(x, training=False), mode)


def loss(model: Any, mode: str = "eager") -> Callable[[Tensor, Tensor], Tensor]:
    """(x, labels) -> the model's loss."""
    return _framework.compile(lambda x, labels: model.criterion(labels, model(x, training=True)), mode)


def gradients(model: Any, mode: str = "eager") -> Callable[[Tensor, Tensor, Tensor], tuple[Tensor, tuple[Any, Tensor]]]:
    """(x, labels, dout) -> (loss, (dparams, dx)); dparams are in the order of model.trainable_variables."""

    def run(x: Tensor, labels: Tensor, dout: Tensor) -> tuple[Tensor, tuple[Any, Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = model.criterion(labels, model(x, training=True))
        variables = [v.value for v in model.trainable_variables]
        return value, tuple(tape.gradient(value, (variables, x), output_gradients=dout))

    return _framework.compile(run, mode)


def named(dparams: Sequence[Tensor], model: Any) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return model.spelling.rename(dparams, model)


class Trainer:
    """Forward under a tape, gradient, apply."""

    def __init__(self, model: Any, optimizer: keras.optimizers.Optimizer, mode: str = "eager") -> None:
        self.model = model
        optimizer.build(model.trainable_variables)  # a tf.function may not create variables

        def step(x: Tensor, labels: Tensor) -> Tensor:
            with tf.GradientTape() as tape:
                value = model.criterion(labels, model(x, training=True))
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
            return value

        self.step = _framework.compile(step, mode)


trainer = Trainer


def optimize(optimizer: keras.optimizers.Optimizer, param: Tensor, grads: Sequence[Tensor]) -> list[Tensor]:
    """The parameter after each step, given the gradient of each."""
    with tf.device(param.device):
        variable = keras.Variable(param, dtype=param.dtype.name)
    history = []
    for grad in grads:
        optimizer.apply_gradients([(grad, variable)])
        history.append(tf.identity(variable.value))
    return history
