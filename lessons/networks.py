"""A recipe's network in training: by the reference, or in a framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import adapters
from conformance.recipes import Recipe
from gradwitness.subjects.pair import floats_to, tree_map
from reference import OPTIMIZERS
from reference.training import train

Array = np.ndarray[Any, np.dtype[Any]]
Params = dict[str, Array]

MODE = {"torch": "eager", "tensorflow": "graph", "jax": "jit"}  # the quickest for hundreds of small steps, compiling included


@dataclass(frozen=True)
class Network:
    """A network in training.

    step      () -> the loss of the next batch, before the update on it
    loss      () -> the loss of the batch that came last, now
    predict   () -> the outputs on the test set, now
    weights   () -> parameters and running statistics now, by the reference's names
    """

    step: Callable[[], Array]
    loss: Callable[[], Array]
    predict: Callable[[], Array]
    weights: Callable[[], tuple[Params, Params]]


def reference(recipe: Recipe, dtype: Any = np.float64, lift: Callable[[Array], Array] = np.asarray, wide: Any = None) -> Network:
    """The hand-derived network, its data in dtype.

    As `gradwitness.rounding.arithmetic.measure` asks, lift converts what is computed with and watched, and constants (labels,
    noise, running statistics) become wide.
    """
    constants = partial(tree_map, floats_to(dtype if wide is None else wide))

    def watched(array: Array) -> Array:
        return lift(floats_to(dtype)(array)) if array.dtype.kind == "f" else array

    def lifted(batch: Mapping[str, Any]) -> dict[str, Any]:
        return {name: watched(value) if name == "x" else constants(value) for name, value in batch.items()}

    start, state = recipe.start()
    params, state = tree_map(watched, start), constants(tree_map(floats_to(dtype), state))
    model, x = recipe.op, watched(recipe.test()[0])
    batches, batch = map(lifted, floats(recipe, dtype)), lifted(next(floats(recipe, dtype)))

    def current() -> Iterator[dict[str, Any]]:
        while True:
            yield batch

    rule = {"optimizer": OPTIMIZERS[recipe.optimizer], "hyper": recipe.hyper, "config": recipe.config}
    steps = train(model, params, current(), **rule, state=state)

    def step() -> Array:
        nonlocal params, state, batch
        batch = next(batches)
        loss, params, state = next(steps)
        return loss

    def loss() -> Array:
        keywords = {**batch, **recipe.config, **({"state": state} if model.detached else {})}
        out, _ = model.forward(params, *([keywords.pop("x")] if "x" in keywords else []), **keywords)
        return out[0] if model.detached else out

    return Network(step, loss, lambda: recipe.predict(params, x, state), lambda: (params, state))


def adapted(name: str, recipe: Recipe, dtype: Any = np.float64) -> Network:
    """The same network in a framework: its own model, its own optimizer, its own loop. Raises Unavailable."""
    adapter = adapters.load(name)
    put, get, native_model = adapter.framework.from_numpy, adapter.framework.to_numpy, adapter.models[recipe.model]
    cast = partial(tree_map, floats_to(dtype))
    params, state = map(cast, recipe.start())
    model = native_model.from_reference(params, state, **recipe.config)
    trainer = adapter.trainer(model, adapter.optimizers[recipe.optimizer](**recipe.hyper), MODE.get(name, "eager"))
    x, data = put(cast(recipe.test()[0])), floats(recipe, dtype)
    batch = tree_map(put, next(floats(recipe, dtype)))

    def step() -> Array:
        nonlocal batch
        batch = tree_map(put, next(data))
        return get(trainer.step(batch))

    return Network(
        step=step,
        loss=lambda: get(adapter.loss(trainer.model)(batch)),
        predict=lambda: get(adapter.predict(trainer.model)(x)),
        weights=lambda: (native_model.to_reference(trainer.model), native_model.state_of(trainer.model)),
    )


def floats(recipe: Recipe, dtype: Any) -> Iterator[dict[str, Any]]:
    """The batches of a recipe, its floats in dtype, without an end: `run` counts the steps."""
    return (tree_map(floats_to(dtype), batch) for batch in recipe.data())
