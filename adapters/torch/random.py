"""PyTorch's own dropout, which draws its mask."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def dropout(x: Tensor, *, rate: float, seed: int) -> Tensor:
    """The same mask for the same seed, shape and dtype."""
    with torch.random.fork_rng():  # F.dropout takes no generator but the global one
        torch.manual_seed(seed)
        return F.dropout(x, rate)
