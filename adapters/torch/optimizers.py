"""The reference's optimizers in PyTorch: hyper-parameters -> a function that takes parameters, as torch.optim wants
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch

Factory = Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]


def sgd(*, lr: float) -> Factory:
    return partial(torch.optim.SGD, lr=lr)
