"""The reference's activations in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layout import Layout


def relu(x: Tensor) -> Tensor:
    return F.relu(x)


def sigmoid(x: Tensor) -> Tensor:
    return torch.sigmoid(x)


def tanh(x: Tensor) -> Tensor:
    return torch.tanh(x)


def softmax(x: Tensor, *, axis: int = -1) -> Tensor:
    return F.softmax(x, dim=axis)


def relu6(x: Tensor) -> Tensor:
    return F.relu6(x)


def leaky_relu(x: Tensor, *, negative_slope: float = 0.01) -> Tensor:
    return F.leaky_relu(x, negative_slope)


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    return F.prelu(x, weight)


def threshold(x: Tensor, *, threshold: float, value: float) -> Tensor:
    return F.threshold(x, threshold, value)


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return F.elu(x, alpha)


def selu(x: Tensor) -> Tensor:
    return F.selu(x)


def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return F.celu(x, alpha)


def gelu(x: Tensor) -> Tensor:
    return F.gelu(x)


def gelu_tanh(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def silu(x: Tensor) -> Tensor:
    return F.silu(x)


def mish(x: Tensor) -> Tensor:
    return F.mish(x)


def softplus(x: Tensor, *, beta: float = 1.0) -> Tensor:
    # By default y is replaced by x where beta x > 20, which in float64 is 2e-9 off; beyond 40 nothing is lost.
    return F.softplus(x, beta, threshold=40)


def softsign(x: Tensor) -> Tensor:
    return F.softsign(x)


def log_sigmoid(x: Tensor) -> Tensor:
    return F.logsigmoid(x)


def hard_sigmoid(x: Tensor) -> Tensor:
    return F.hardsigmoid(x)


def hard_tanh(x: Tensor, *, min_value: float = -1.0, max_value: float = 1.0) -> Tensor:
    return F.hardtanh(x, min_value, max_value)


def hard_swish(x: Tensor) -> Tensor:
    return F.hardswish(x)


def glu(x: Tensor, *, axis: int = -1) -> Tensor:
    return F.glu(x, dim=axis)


def log_softmax(x: Tensor, *, axis: int = -1) -> Tensor:
    return F.log_softmax(x, dim=axis)


LAYOUTS = {"prelu": Layout.renamed({"weight": "weight"}, layer=lambda params, x: nn.PReLU(len(params["weight"])))}
