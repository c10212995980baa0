"""A recipe's training loop, step by step: by the reference, or in a framework. Training cells and lessons run the same loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import adapters
from conformance.recipes import Recipe
from conformance.threads import limit_framework
from gradwitness.arrays import Array
from gradwitness.frameworks import Unavailable, spec_of
from gradwitness.subjects.pair import floats_to, tree_map
from reference import OPTIMIZERS
from reference.training import train

Params = dict[str, Array]


@dataclass(frozen=True)
class Loop:
    """A network in training.

    step      () -> the loss of the next batch, before the update on it; raises StopIteration after the last batch
    loss      () -> the loss of the batch that came last, with the parameters as they are now
    predict   () -> the outputs on the test set, likewise
    weights   () -> parameters and running statistics, by the reference's names
    """

    step: Callable[[], Array]
    loss: Callable[[], Array]
    predict: Callable[[], Array]
    weights: Callable[[], tuple[Params, Params]]


def reference(recipe: Recipe, dtype: Any = np.float64, lift: Callable[[Array], Array] = np.asarray, wide: Any = None) -> Loop:
    """The hand-derived network. All data are rounded to dtype first.

    lift   converts what is computed with (parameters and x), as `gradwitness.rounding.arithmetic.measure` asks
    wide   the dtype of constants (labels, noise, running statistics); dtype itself if not given
    """
    rounded, constants = floats_to(dtype), partial(tree_map, floats_to(dtype if wide is None else wide))

    def lifted(array: Array) -> Array:
        return lift(rounded(array)) if array.dtype.kind == "f" else array

    def watched(batch: Mapping[str, Any]) -> dict[str, Any]:
        return {name: lifted(value) if name == "x" else constants(value) for name, value in batch.items()}

    start, state = recipe.start()
    params, state = tree_map(lifted, start), constants(tree_map(rounded, state))
    model, x, batch = recipe.op, lifted(recipe.test()[0]), watched(next(recipe.batches(dtype)))

    def batches() -> Any:
        nonlocal batch
        for given in recipe.batches(dtype):
            batch = watched(given)
            yield batch

    rule = OPTIMIZERS[recipe.optimizer]
    steps = train(model, params, batches(), optimizer=rule, hyper=recipe.hyper, config=recipe.config, state=state)

    def step() -> Array:
        nonlocal params, state
        loss, params, state = next(steps)
        return loss

    def loss() -> Array:
        arguments, keywords = recipe.arguments(params, state, batch)
        out, _ = model.forward(*arguments, **keywords)
        value: Array = out[0] if model.detached else out
        return value

    return Loop(step, loss, lambda: recipe.predict(params, x, state), lambda: (params, state))


def adapted(
    name: str,
    recipe: Recipe,
    dtype: Any = np.float64,
    mode: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Loop:
    """The same network in a framework: its own model, its own optimizer, its own loop.

    mode      how the framework runs; its customary mode if not given
    threads   how many threads it gets; as many as it takes if not given. A framework that has computed before keeps what it has

    Raises gradwitness.frameworks.Unavailable where the framework is missing, or its adapter lacks the model or the optimizer.
    """
    adapter = adapters.load(name)
    if reason := adapter.missing("models", recipe.model) or adapter.missing("optimizers", recipe.optimizer):
        raise Unavailable(reason)
    if threads is not None:
        limit_framework(name, threads)
    native_model, get = adapter.models[recipe.model], adapter.framework.to_numpy
    put, cast = partial(adapter.framework.from_numpy, device=device), partial(tree_map, floats_to(dtype))
    params, state = map(cast, recipe.start())
    model = native_model.from_reference(params, state, device=device, **recipe.config)
    trainer = adapter.trainer(model, adapter.optimizers[recipe.optimizer](**recipe.hyper), mode or spec_of(name).customary)
    x, data = put(cast(recipe.test()[0])), recipe.batches(dtype)
    batch = tree_map(put, next(recipe.batches(dtype)))

    def step() -> Array:
        nonlocal batch
        batch = tree_map(put, next(data))
        return get(trainer.step(batch))

    return Loop(
        step=step,
        loss=lambda: get(adapter.loss(trainer.model)(batch)),
        predict=lambda: get(adapter.predict(trainer.model)(x)),
        weights=lambda: (native_model.to_reference(trainer.model), native_model.state_of(trainer.model)),
    )
