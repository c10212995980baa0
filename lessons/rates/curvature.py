"""How sharply the loss curves: the largest second derivative along any direction, from differences of exact gradients.

Near a minimum the loss is a parabola along each direction. With second derivative c a step of rate r overshoots if r > 1 / c, and
ends farther from the minimum than it began if r > 2 / c.
"""

from __future__ import annotations

import numpy as np

from lessons.rates.task import Params, Task
from reference.training import gradients

ROUNDS = 30
STEP = 1e-5
KINK = 0.1
"""Where half the step gives a curvature that differs by more than this share, there is a kink, and no curvature."""


def curvature(task: Task, params: Params) -> float | None:
    """The largest curvature of the loss at these parameters; None at a kink, or where the loss does not curve upwards."""
    whole, half = (_largest(task, params, step) for step in (STEP, STEP / 2))
    return whole if whole > 0 and abs(whole - half) <= KINK * whole else None


def _largest(task: Task, params: Params, step: float) -> float:
    """By power iteration (Golub and Van Loan, "Matrix computations", section 7.3)."""
    model, batch, rng = task.recipe(0.0).op, task.batch(), np.random.default_rng(0)
    direction: Params = {name: np.asarray(rng.normal(size=value.shape)) for name, value in params.items()}
    largest = 0.0

    def gradient(by: float) -> Params:
        return gradients(model, {name: value + by * direction[name] for name, value in params.items()}, batch)[1]

    for _ in range(ROUNDS):
        length = float(np.sqrt(sum(float((value**2).sum()) for value in direction.values())))
        direction = {name: value / length for name, value in direction.items()}
        ahead, behind = gradient(step), gradient(-step)
        bent = {name: (ahead[name] - behind[name]) / (2 * step) for name in params}
        largest = sum(float((bent[name] * direction[name]).sum()) for name in params)
        direction = bent
    return largest
