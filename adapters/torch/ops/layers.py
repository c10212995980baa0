"""The reference's layers in PyTorch."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..layout import Layout


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.linear(x, weight.T, bias)  # stored (out, in)


def _transposed(params: dict[str, Tensor], **_: object) -> dict[str, Tensor]:
    """Both ways: the transpose is its own inverse."""
    return {name: tensor.T if name == "weight" else tensor for name, tensor in params.items()}


LAYOUTS = {
    "linear": Layout(("weight", "bias"), _transposed, _transposed, layer=lambda params, x: nn.Linear(*params["weight"].shape))
}
WITHOUT_BIAS = Layout(("weight",), _transposed, _transposed)
