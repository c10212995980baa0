"""The reference's dropout and residual connections in PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ... import load


def dropout(x: Tensor, *, mask: Tensor, rate: float) -> Tensor:
    # Composed: F.dropout draws its own mask. tests/test_dropout.py verifies that one, under the mask it drew.
    return torch.where(mask, x / (1 - rate), 0)


def residual(x: Tensor, *params: Tensor, f: Any, **static: Any) -> Tensor:
    return x + load("torch").ops[f.name](x, *params, **static)
