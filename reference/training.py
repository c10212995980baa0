"""The training loop, by hand: forward, backward, and one optimizer step for every parameter.

Each step reports the loss before its update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .case import Array, Op, Optimizer
from .schedules import rate

Params = dict[str, Array]
State = dict[str, Array]
Batch = Mapping[str, Any]
"""The arrays of one step, by their names in the model's forward: x, where the input is differentiable, labels, masks, ..."""


class Step(NamedTuple):
    """The result of a step: the loss before it, and the parameters and running statistics after it."""

    loss: Array
    params: Params
    state: State


def train(
    model: Op,
    params: Params,
    batches: Iterable[Batch],
    *,
    optimizer: Optimizer,
    hyper: Mapping[str, Any],
    config: Mapping[str, Any] | None = None,
    state: State | None = None,
) -> Iterator[Step]:
    """Yield a `Step` for each batch.

    hyper    the optimizer's keyword arguments: {"lr": 0.5}, or {"lr": a Schedule}
    config   the model's keyword arguments besides its arrays: {"activation": "tanh"}
    state    the running statistics before the first step; models without any take none
    """
    moments = {name: optimizer.init(value) for name, value in params.items()}
    state = state or {}
    numbers = {key: value for key, value in hyper.items() if key != "lr"}
    for t, batch in enumerate(batches):
        loss, dparams, state = gradients(model, params, batch, config=config, state=state)
        lr = rate(hyper["lr"], t)
        updated = {name: optimizer.step(params[name], dparams[name], moments[name], lr=lr, **numbers) for name in params}
        params = {name: param for name, (param, _) in updated.items()}
        moments = {name: after for name, (_, after) in updated.items()}
        yield Step(loss, params, state)


def gradients(
    model: Op, params: Params, batch: Batch, *, config: Mapping[str, Any] | None = None, state: State | None = None
) -> tuple[Array, Params, State]:
    """The loss of a batch, its gradient with respect to every parameter, and the running statistics afterwards."""
    keywords = dict(batch) | dict(config or {}) | ({"state": state} if model.detached else {})
    x = [keywords.pop("x")] if "x" in keywords else []
    out, cache = model.forward(params, *x, **keywords)
    loss, after = out if model.detached else (out, {})
    one = np.ones_like(loss)
    without = {"input_gradient": False} if x else {}
    dparams, *_ = model.backward((one, None) if model.detached else one, cache, **without)
    return loss, dparams, after
