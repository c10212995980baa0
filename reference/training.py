"""The training loop, by hand: forward, backward, one optimizer step for every parameter.

The loss that a step reports is the one before its update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from reference.case import Array, Op, Optimizer
from reference.schedules import rate

Params = dict[str, Array]


def train(
    model: Op,
    params: Params,
    batches: Iterable[tuple[Array, Array]],
    *,
    optimizer: Optimizer,
    hyper: Mapping[str, Any],
    config: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Array, Params]]:
    """Yield (loss, params after the step) for each batch (x, labels).

    hyper    the optimizer's keyword arguments: {"lr": 0.5}, or {"lr": a Schedule}
    config   the model's keyword arguments besides labels: {"activation": "tanh"}
    """
    state = {name: optimizer.init(value) for name, value in params.items()}
    numbers = {key: value for key, value in hyper.items() if key != "lr"}
    for t, (x, labels) in enumerate(batches):
        loss, cache = model.forward(params, x, labels=labels, **(config or {}))
        dparams, _ = model.backward(np.ones_like(loss), cache, input_gradient=False)
        lr = rate(hyper["lr"], t)
        updated = {name: optimizer.step(params[name], dparams[name], state[name], lr=lr, **numbers) for name in params}
        params = {name: param for name, (param, _) in updated.items()}
        state = {name: after for name, (_, after) in updated.items()}
        yield loss, params
