"""Which training an op gets, and its learning rate."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from conformance.learning.alone import alone
from conformance.learning.criterion import USES, criterion
from conformance.learning.network import network
from conformance.learning.task import Backward, Task, end, train
from conformance.run import point
from conformance.run import subject as at_case
from gradwitness.arrays import Array
from reference import OPS, Op

RATES = tuple(float(f"{a}e{e}") for e in range(-3, 3) for a in (1, 3))
"""The rates that are tried, 0.001 to 300."""
SEEDS = range(5)
"""Of the right runs."""
TRIED = SEEDS[:3]
"""Of the runs by which the rate is chosen."""
ALONE = ("embedding", "weight_norm", "bidirectional", "cosine_similarity", "ctc", "global_avg_pool", "global_max_pool")
"""Ops without a network here. The first five have no input with the batch on its first axis, or wait for more than an image; with
a global pool so small a network learns next to nothing in 100 steps.
"""


def task_of(op: Op, backward: Backward | None = None) -> Task:
    """The training of an op, with its own backward or with another."""
    backward = backward or op.backward
    if op.name in USES:
        return criterion(op, backward)
    if op.name not in ALONE:
        return network(op, backward)
    subject = replace(at_case(op, op.cases[0]), backward=backward)
    return alone(subject, op.name, lambda seed: point(op, op.cases[0], seed).inputs)


def best_rate(task: Task) -> float:
    """The rate at which the worst of three runs, from different seeds, ends lowest; of equal ones the smallest."""
    ends = [max((end(train(task, rate, seed)) for seed in TRIED), key=_last) for rate in RATES]
    return RATES[int(np.nanargmin(ends))]


def _last(value: float) -> float:
    """Diverged runs are the worst."""
    return value if np.isfinite(value) else np.inf


@cache
def right_runs(name: str) -> tuple[float, tuple[Array, ...]]:
    """The best rate of an op's right training, and its losses from each seed."""
    task = task_of(OPS[name])
    rate = best_rate(task)
    return rate, tuple(train(task, rate, seed) for seed in SEEDS)
