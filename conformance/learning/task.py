"""A training: parameters, steps, and what its losses did.

Plain gradient descent, for it shows a gradient as it is: Adam divides it by its own size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array

Forward = Callable[..., tuple[Any, Any]]
Backward = Callable[[Any, Any], Any]
Params = list[Array]
STEPS = 100
TENTH = STEPS // 10


@dataclass(frozen=True)
class Task:
    """What is trained.

    words   what it is, in a line
    start   seed -> the parameters before the first step
    step    (parameters, number of the step) -> the loss and a gradient for each parameter
    """

    words: str
    start: Callable[[int], Params]
    step: Callable[[Params, int], tuple[float, Params]]


def train(task: Task, rate: float, seed: int = 0) -> Array:
    """The loss before each of STEPS updates, (STEPS,). From the first that is no finite number on, it is nan.

    Raises what a mistake in the code raises.
    """
    params, losses = [np.array(p) for p in task.start(seed)], np.full(STEPS, np.nan)
    with np.errstate(all="ignore"):
        for number in range(STEPS):
            loss, grads = task.step(params, number)
            if not np.isfinite(loss):
                break
            losses[number] = loss
            for param, grad in zip(params, grads, strict=True):
                np.subtract(param, rate * grad, out=param)
    return losses


def beginning(losses: Array) -> float:
    """The mean loss of the first tenth of the steps."""
    return float(losses[:TENTH].mean())


def end(losses: Array) -> float:
    """The mean loss of the last tenth of the steps; nan if the run diverged."""
    return float(losses[-TENTH:].mean())


def goes_down(losses: Array) -> bool:
    """Whether the mean loss of the last tenth of the steps is below that of the first tenth, and below the very first loss: one
    that jumps up and then comes down a part of the way does not go down.
    """
    return end(losses) < min(beginning(losses), float(losses[0]))


def as_low(losses: Array, right: list[Array]) -> bool:
    """Whether a run ends as low as one of the right runs, which differ in their seeds. One that diverged has no end."""
    return end(losses) <= max((low for low in map(end, right) if np.isfinite(low)), default=-np.inf)
