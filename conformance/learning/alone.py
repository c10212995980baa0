"""An op without a network: gradient descent moves its inputs until its outputs come near those that it has at other inputs.

The loss is half the mean squared distance of the outputs. Where the op returns one number, that number is the loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.learning.task import Params, Task
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves

FIRST = 1
"""The draw of the inputs at which the outputs are wanted. Runs begin at the later ones."""


def alone(subject: Subject, name: str, others: Any) -> Task:
    """The training of a pair alone.

    others   seed -> other inputs of the same shapes
    """
    wanted = [np.array(o) for o in _outs(subject, subject.forward(*others(FIRST), **subject.static)[0])]
    value = len(wanted) == 1 and wanted[0].size == 1

    def step(params: Params, _number: int) -> tuple[float, Params]:
        out, cache = subject.forward(*(p.copy() for p in params), **subject.static)
        outs = [np.array(o) for o in _outs(subject, out)]
        if value:
            loss, douts = float(outs[0].item()), [np.ones(outs[0].shape)]
        else:
            size = sum(o.size for o in outs)
            apart = [o - w for o, w in zip(outs, wanted, strict=True)]
            loss, douts = sum(float((a * a).sum()) for a in apart) / (2 * size), [a / size for a in apart]
        return loss, subject.align(subject.backward(_like(subject, out, douts), cache))

    what = f"{name} is the loss" if value else f"{name} is to return what it returns at other inputs"
    return Task(f"{name} alone, its inputs are trained: {what}", lambda seed: [*others(FIRST + 1 + seed)], step)


def _outs(subject: Subject, out: Any) -> list[Array]:
    return [o for i, o in enumerate(leaves(out)) if i not in subject.detached]


def _like(subject: Subject, out: Any, douts: list[Array]) -> Any:
    given = iter(douts)
    every = [np.zeros_like(o) if i in subject.detached else next(given) for i, o in enumerate(leaves(out))]
    return tuple(every) if isinstance(out, tuple) else every[0]
