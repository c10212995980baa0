"""The reference's schedules in Keras: keras.optimizers.schedules, which an optimizer takes in place of a rate."""

from __future__ import annotations

import numpy as np
from keras.optimizers import schedules
from keras.optimizers.schedules import LearningRateSchedule


def constant(*, lr: float) -> LearningRateSchedule:
    return schedules.PiecewiseConstantDecay([1], [lr, lr])


def step(*, lr: float, every: int, factor: float) -> LearningRateSchedule:
    return schedules.ExponentialDecay(lr, decay_steps=every, decay_rate=factor, staircase=True)


def exponential(*, lr: float, factor: float) -> LearningRateSchedule:
    return schedules.ExponentialDecay(lr, decay_steps=1, decay_rate=factor)


def cosine(*, lr: float, steps: int, end: float = 0.0) -> LearningRateSchedule:
    return schedules.CosineDecay(lr, decay_steps=steps, alpha=end / lr)  # alpha is the share of lr that is left


def linear_warmup(*, lr: float, steps: int, start: float = 0.0) -> LearningRateSchedule:
    return schedules.PolynomialDecay(start, decay_steps=steps, end_learning_rate=lr)  # of power 1: it goes up as well


SCHEDULES = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "linear_warmup": linear_warmup,
}


def rates(schedule: LearningRateSchedule, steps: int) -> np.ndarray:
    """The rate of each step, (steps,), as Keras computes it."""
    return np.array([np.asarray(schedule(t)) for t in range(steps)])
