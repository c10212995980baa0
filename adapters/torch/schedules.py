"""The reference's schedules in PyTorch. torch.optim.lr_scheduler acts on an optimizer: a schedule is the rate that the optimizer
is made with and the scheduler that is then put upon it, which the optimizer calls after each of its steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.optim import lr_scheduler


@dataclass(frozen=True)
class Scheduled:
    """A base rate, and how its scheduler is made."""

    lr: float
    scheduler: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]

    def attach(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the scheduler step after each of the optimizer's steps, as a training loop would."""
        scheduler = self.scheduler(optimizer)
        optimizer.register_step_post_hook(lambda *_: scheduler.step())


def constant(*, lr: float) -> Scheduled:
    return Scheduled(lr, partial(lr_scheduler.ConstantLR, factor=1.0))


def step(*, lr: float, every: int, factor: float) -> Scheduled:
    return Scheduled(lr, partial(lr_scheduler.StepLR, step_size=every, gamma=factor))


def exponential(*, lr: float, factor: float) -> Scheduled:
    return Scheduled(lr, partial(lr_scheduler.ExponentialLR, gamma=factor))


def cosine(*, lr: float, steps: int, end: float = 0.0) -> Scheduled:
    return Scheduled(lr, partial(lr_scheduler.CosineAnnealingLR, T_max=steps, eta_min=end))


def linear_warmup(*, lr: float, steps: int, start: float) -> Scheduled:
    return Scheduled(lr, partial(lr_scheduler.LinearLR, start_factor=start / lr, end_factor=1.0, total_iters=steps))


def one_cycle(*, lr: float, steps: int, peak: int, div: float = 25.0, final_div: float = 1e4) -> Scheduled:
    # Its phases end at pct_start * total_steps - 1 and at total_steps - 1.
    total = steps + 1
    settings = {"total_steps": total, "pct_start": (peak + 1) / total, "div_factor": div, "final_div_factor": final_div}
    return Scheduled(lr, partial(lr_scheduler.OneCycleLR, max_lr=lr, cycle_momentum=False, **settings))


SCHEDULES = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "linear_warmup": linear_warmup,
    "one_cycle": one_cycle,
}


def rates(schedule: Scheduled, steps: int) -> np.ndarray:
    """The rate of each step, (steps,), as PyTorch computes it."""
    parameter = torch.nn.Parameter(torch.zeros(()))
    parameter.grad = torch.zeros(())
    optimizer = torch.optim.SGD([parameter], lr=schedule.lr)
    schedule.attach(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
    return np.array(found)
