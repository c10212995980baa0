"""How JAX runs a model: the vjp of its loss, and the loop's body around an optax transformation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import optax
from jax import Array

from adapters.jax.models import MODELS, TwoLayer
from gradwitness import frameworks

_framework = frameworks.load("jax")


def predict(model: Any, mode: str = "eager") -> Callable[[Array], Array]:
    """x -> the model's output."""
    call = _framework.compile(lambda m, x: m(x), mode)
    return lambda x: call(model, x)  # the parameters are an argument: closed over, they would be compiled in as constants


def loss(model: Any, mode: str = "eager") -> Callable[[Array, Array], Array]:
    """(x, labels) -> the model's loss."""
    call = _framework.compile(_loss, mode)
    return lambda x, labels: call(model, x, labels)


def gradients(model: Any, mode: str = "eager") -> Callable[[Array, Array, Array], tuple[Array, tuple[Any, Array]]]:
    """(x, labels, dout) -> (loss, (dparams, dx)); dparams is a model whose leaves are gradients."""

    def run(m: Any, x: Array, labels: Array, dout: Array) -> tuple[Array, tuple[Any, Array]]:
        value, pull = jax.vjp(lambda m, x: _loss(m, x, labels), m, x)
        return value, pull(dout)

    compiled = _framework.compile(run, mode)
    return lambda x, labels, dout: compiled(model, x, labels, dout)


def named(dparams: Any, model: Any) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return MODELS["two_layer" if isinstance(model, TwoLayer) else "mlp"].to_reference(dparams)


class Trainer:
    """value_and_grad, update, apply_updates; the model is replaced by each step."""

    def __init__(self, model: Any, optimizer: optax.GradientTransformation, mode: str = "eager") -> None:
        self.model = model
        self._state = optimizer.init(model)

        def update(model: Any, state: Any, x: Array, labels: Array) -> tuple[Array, Any, Any]:
            value, grads = jax.value_and_grad(_loss)(model, x, labels)
            updates, state = optimizer.update(grads, state, model)
            return value, optax.apply_updates(model, updates), state

        self._update = _framework.compile(update, mode)

    def step(self, x: Array, labels: Array) -> Array:
        """One update on a batch; returns the loss before it."""
        value, self.model, self._state = self._update(self.model, self._state, x, labels)
        return value


trainer = Trainer


def optimize(optimizer: optax.GradientTransformation, param: Array, grads: Sequence[Array]) -> list[Array]:
    """The parameter after each step, given the gradient of each."""
    state = optimizer.init(param)
    history = []
    for grad in grads:
        updates, state = optimizer.update(grad, state, param)
        param = optax.apply_updates(param, updates)
        history.append(param)
    return history


def _loss(model: Any, x: Array, labels: Array) -> Array:
    return model.loss(x, labels)
