"""The reference's schedules in optax: functions count -> rate, which an optimizer takes in place of a rate."""

from __future__ import annotations

import numpy as np
import optax


def constant(*, lr: float) -> optax.Schedule:
    return optax.constant_schedule(lr)


def step(*, lr: float, every: int, factor: float) -> optax.Schedule:
    return optax.exponential_decay(lr, transition_steps=every, decay_rate=factor, staircase=True)


def exponential(*, lr: float, factor: float) -> optax.Schedule:
    return optax.exponential_decay(lr, transition_steps=1, decay_rate=factor)


def cosine(*, lr: float, steps: int, end: float = 0.0) -> optax.Schedule:
    return optax.cosine_decay_schedule(lr, decay_steps=steps, alpha=end / lr)  # alpha is the share of lr that is left


def linear_warmup(*, lr: float, steps: int, start: float = 0.0) -> optax.Schedule:
    return optax.warmup_constant_schedule(start, lr, warmup_steps=steps)


def one_cycle(*, lr: float, steps: int, peak: int, div: float = 25.0, final_div: float = 1e4) -> optax.Schedule:
    # It rounds pct_start * transition_steps down: half a step more, so that no rounding makes it the step before.
    pct = (peak + 0.5) / steps
    return optax.cosine_onecycle_schedule(steps, lr, pct_start=pct, div_factor=div, final_div_factor=final_div)


SCHEDULES = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "linear_warmup": linear_warmup,
    "one_cycle": one_cycle,
}


def rates(schedule: optax.Schedule, steps: int) -> np.ndarray:
    """The rate of each step, (steps,), as optax computes it."""
    return np.array([np.asarray(schedule(t)) for t in range(steps)])
