"""Schedules: the learning rate of each step, as pure functions step -> rate. Steps count from 0.

    constant        lr
    step            lr * factor^floor(t / every)
    exponential     lr * factor^t
    cosine          end + (lr - end) * (1 + cos(pi t / steps)) / 2 up to t = steps, then end
    linear_warmup   start + (lr - start) * t / steps up to t = steps, then lr
    one_cycle       from lr / div to lr at t = peak, then to lr / (div * final_div) at t = steps, both ways along half a cosine

`t` is the number of a step, or an array of numbers, which gives the whole curve. lr is the largest rate of the curve.

Cosine: half a period goes from 1 to -1 with slope 0 at both ends. The rate starts to fall slowly and ends slowly.
Warm-up: in their first steps adaptive rules know few gradients. Small rates keep those steps small.

Source: step, exponential: Darken and Moody, "Towards faster stochastic gradient search", 1991; cosine: Loshchilov and
Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017; warm-up: Goyal et al., "Accurate, large minibatch
SGD", 2017; one-cycle: Smith and Topin, "Super-convergence", 2018.

Frameworks: torch.optim.lr_scheduler computes most rates from the previous one, so that rounding errors add up. Its
CosineAnnealingLR rises again after T_max, and its LinearLR cannot start at 0. keras.optimizers.schedules compute in float32,
whatever the dtype of the parameters; optax.schedules compute in float64 where JAX has it enabled. OneCycleLR takes the number of
steps and reaches the end at the last of them; cosine_onecycle_schedule takes the number of the step at which it reaches the end.
Keras has no one-cycle schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import invalid


@dataclass(frozen=True)
class Schedule:
    """A schedule with its numbers: schedule(t) is the rate of step t. Adapters find their own schedule by its name."""

    name: str
    hyper: Mapping[str, float]

    def __call__(self, t: Any) -> Any:
        """The rate of step t."""
        return SCHEDULES[self.name](t, **self.hyper)


def rate(lr: float | Schedule, t: int) -> float:
    """The rate of step t: lr(t) for a schedule, or lr itself for a number."""
    return float(lr(t)) if isinstance(lr, Schedule) else lr


def constant(t: Any, *, lr: float) -> Any:
    """The same rate at every step."""
    return lr + 0.0 * t


def step(t: Any, *, lr: float, every: int, factor: float) -> Any:
    """The rate is multiplied by factor once every `every` steps.

    Raises ValueError if every is below 1 or factor is negative.
    """
    if not every >= 1:
        raise invalid("step", "every", every, "every >= 1")
    if not factor >= 0:
        raise invalid("step", "factor", factor, "factor >= 0")
    return lr * np.power(factor, t // every)


def exponential(t: Any, *, lr: float, factor: float) -> Any:
    """The rate is multiplied by factor at every step. Raises ValueError if factor is negative."""
    if not factor >= 0:
        raise invalid("exponential", "factor", factor, "factor >= 0")
    return lr * np.power(factor, 1.0 * t)


def cosine(t: Any, *, lr: float, steps: int, end: float = 0.0) -> Any:
    """Half a cosine from lr to end. Raises ValueError if steps is below 1."""
    if not steps >= 1:
        raise invalid("cosine", "steps", steps, "steps >= 1")
    return _half_cosine(lr, end, np.minimum(t, steps) / steps)


def linear_warmup(t: Any, *, lr: float, steps: int, start: float = 0.0) -> Any:
    """A straight line from start to lr. Raises ValueError if steps is below 1."""
    if not steps >= 1:
        raise invalid("linear_warmup", "steps", steps, "steps >= 1")
    return start + (lr - start) * (np.minimum(t, steps) / steps)


def one_cycle(t: Any, *, lr: float, steps: int, peak: int, div: float = 25.0, final_div: float = 1e4) -> Any:
    """Up to lr at step `peak`, and down to lr / (div * final_div) at step `steps`.

    Raises ValueError if peak is not inside the cycle.
    """
    if not 0 < peak < steps:
        raise invalid("one_cycle", "peak", peak, f"0 < peak < {steps}, the steps")
    up = _half_cosine(lr / div, lr, np.minimum(t, peak) / peak)
    down = _half_cosine(lr, lr / (div * final_div), (np.clip(t, peak, steps) - peak) / (steps - peak))
    return np.where(t < peak, up, down)


def _half_cosine(start: float, end: float, share: Any) -> Any:
    """Half a cosine from start, at share 0, to end, at share 1."""
    return end + (start - end) * (1 + np.cos(np.pi * share)) / 2


SCHEDULES: dict[str, Callable[..., Any]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "linear_warmup": linear_warmup,
    "one_cycle": one_cycle,
}
