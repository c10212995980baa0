"""How JAX runs a model: the vjp of its loss, and the loop's body around an optax transformation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import optax
from jax import Array

from gradwitness import frameworks

from .layout import Tree
from .native import BoundModel

_framework = frameworks.load("jax")

Batch = Mapping[str, Any]


def predict(model: BoundModel, mode: str = "eager") -> Callable[[Array], Array]:
    """x -> the model's output, in evaluation."""
    call = _framework.compile(lambda m, x: m(x), mode)
    return lambda x: call(model, x)  # the parameters are an argument: closed over, they would be compiled in as constants


def loss(model: BoundModel, mode: str = "eager") -> Callable[[Batch], Array]:
    """batch -> the model's loss, as in training."""
    call = _framework.compile(lambda m, batch: m.loss(batch)[0], mode)
    return lambda batch: call(model, batch)


def gradients(model: BoundModel, mode: str = "eager") -> Callable[[Batch, Array], tuple[Array, Any, Array | None, Any]]:
    """(batch, dout) -> (loss, dparams, dx, state); dparams is a pytree like the parameters."""
    return partial(_compiled_gradients(mode), model)


@cache
def _compiled_gradients(mode: str) -> Callable[[BoundModel, Batch, Array], tuple[Array, Any, Array | None, Any]]:
    """Once for all models: jit tells them apart by their trees, and compiles one network once whatever its parameters are."""

    def run(model: BoundModel, batch: Batch, dout: Array) -> tuple[Array, Any, Array | None, Any]:
        x = {name: value for name, value in batch.items() if name == "x"}

        def loss(params: Tree, x: Batch) -> tuple[Array, Tree]:
            return replace(model, params=params).loss({**batch, **x})

        value, pull, state = jax.vjp(loss, model.params, x, has_aux=True)
        dparams, dx = pull(dout)
        return value, dparams, dx.get("x"), state

    return _framework.compile(run, mode)


def named(dparams: Tree, model: BoundModel) -> dict[str, Any]:
    """Gradients under the reference's names and in its layouts."""
    return model.native.to_reference(replace(model, params=dparams))


def named_state(state: Tree, model: BoundModel) -> dict[str, Any]:
    """Running statistics, likewise."""
    return model.native.state_of(replace(model, state=state))


class Trainer:
    """value_and_grad, update, apply_updates; the model is replaced by each step."""

    def __init__(self, model: BoundModel, optimizer: optax.GradientTransformation, mode: str = "eager") -> None:
        self.model = model
        self._moments = optimizer.init(model.params)

        def update(model: BoundModel, moments: Any, batch: Batch) -> tuple[Array, BoundModel, Any]:
            def of(params: Tree) -> tuple[Array, Tree]:
                return replace(model, params=params).loss(batch)

            (value, state), grads = jax.value_and_grad(of, has_aux=True)(model.params)
            updates, moments = optimizer.update(grads, moments, model.params)
            return value, replace(model, params=optax.apply_updates(model.params, updates), state=state), moments

        self._update = _framework.compile(update, mode)

    def step(self, batch: Batch) -> Array:
        """One update on a batch; returns the loss before it."""
        value, self.model, self._moments = self._update(self.model, self._moments, batch)
        return value


trainer = Trainer


def optimize(optimizer: optax.GradientTransformation, mode: str = "eager") -> Callable[[Array, Sequence[Array]], list[Array]]:
    """(param, grads) -> the parameter after each step, given the gradient of each."""

    def update(grad: Array, state: Any, param: Array) -> tuple[Array, Any]:
        updates, state = optimizer.update(grad, state, param)
        return optax.apply_updates(param, updates), state

    step = _framework.compile(update, mode)

    def run(param: Array, grads: Sequence[Array]) -> list[Array]:
        state = optimizer.init(param)
        history = []
        for grad in grads:
            param, state = step(grad, state, param)
            history.append(param)
        return history

    return run
