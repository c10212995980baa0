"""Dropout under a mask that comes in, so that four frameworks can drop the same. tests/test_dropout.py verifies nn.Dropout."""

from __future__ import annotations

from torch import Tensor, nn


class MaskedDropout(nn.Module):
    """x / (1 - rate) where mask, 0 elsewhere; x as it is without a mask and in evaluation."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        return x * mask / (1 - self.rate) if mask is not None and self.training else x
