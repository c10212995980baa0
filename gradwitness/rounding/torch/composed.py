"""Fused kernels whose inside cancels, written with single operations that round: perturbed operands alone would not show it.

A normalisation subtracts a mean that has its own error, also where all values are equal; 1 + tanh cancels. Each function gives
what the kernel gives, with the kernel's roundings inside. Results are not yet rounded to the dtype that stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log, pi, prod, sqrt
from typing import Any

import torch
from torch import Tensor

Round = Callable[..., Tensor]
"""(value, number of terms = 1, stored=False) -> the value, rounded as the kernel adds; as it stores, if it is a statistic."""


def _normalised(r: Round, x: Tensor, dims: Sequence[int], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """x without its mean over its deviation; the mean; the reciprocal of the deviation."""
    n = prod(x.shape[d] for d in dims)
    mean = r(x.mean(tuple(dims), keepdim=True), n, stored=True)
    centred = r(x - mean)
    rstd = r(torch.rsqrt(r(centred.square().mean(tuple(dims), keepdim=True), n) + eps), stored=True)
    return r(centred * rstd), mean, rstd


def _gradients(r: Round, dout: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | None, dims: Sequence[int]) -> Any:
    """dx, and dout times the normalised x, whose sum is dweight."""
    n = prod(x.shape[d] for d in dims)
    normal = r(r(x - mean) * rstd)
    g = dout if weight is None else r(dout * weight)
    first, second = (r(each.mean(tuple(dims), keepdim=True), n) for each in (g, g * normal))
    return r(r(r(g - first) - r(normal * second)) * rstd), r(dout * normal)


def _affine(r: Round, normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    out = normal if weight is None else r(normal * weight)
    return out if bias is None else r(out + bias)


def layer_norm(r: Round, x: Tensor, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> list[Tensor]:
    normal, mean, rstd = _normalised(r, x, range(-len(shape), 0), eps)
    return [_affine(r, normal, weight, bias), mean, rstd]


def layer_norm_backward(
    r: Round, dout: Tensor, x: Tensor, shape: Sequence[int], mean: Tensor, rstd: Tensor, weight: Any, *rest: Any
) -> list[Tensor] | None:
    if not all(rest[-1]):
        return None
    rows = range(x.dim() - len(shape))
    dx, dweight = _gradients(r, dout, x, mean, rstd, weight, range(-len(shape), 0))
    n = x.numel() // prod(shape)
    return [dx, *((r(each.sum(tuple(rows)), n) if len(rows) else each) for each in (dweight, dout))]


def group_norm(r: Round, x: Tensor, weight: Any, bias: Any, n: int, c: int, hw: int, groups: int, eps: float) -> list[Tensor]:
    normal, mean, rstd = _normalised(r, x.reshape(n, groups, -1), [2], eps)
    channels = [None if p is None else p.reshape(1, c, 1) for p in (weight, bias)]
    return [_affine(r, normal.reshape(n, c, hw), *channels).reshape(x.shape), mean.reshape(n, groups), rstd.reshape(n, groups)]


def group_norm_backward(
    r: Round, dout: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Any, n: int, c: int, hw: int, groups: int, mask: Any
) -> list[Tensor] | None:
    if not all(mask):
        return None

    def split(t: Tensor) -> Tensor:
        return t.reshape(n, groups, -1)

    scale = None if weight is None else split(weight.reshape(1, c, 1).expand(n, c, hw))
    dx, dweight = _gradients(r, split(dout), split(x), split(mean), split(rstd), scale, [2])
    sums = (r(each.reshape(n, c, hw).sum((0, 2)), n * hw) for each in (dweight, dout))
    return [dx.reshape(x.shape), *sums]


def batch_norm(r: Round, x: Tensor, weight: Any, bias: Any, *rest: Any) -> list[Tensor] | None:
    _, _, training, _, eps = rest
    if not training:
        return None
    normal, mean, rstd = _normalised(r, x, [d for d in range(x.dim()) if d != 1], eps)
    shape = [1, -1, *[1] * (x.dim() - 2)]
    channels = [None if p is None else p.reshape(shape) for p in (weight, bias)]
    return [_affine(r, normal, *channels), mean.flatten(), rstd.flatten()]


def batch_norm_backward(r: Round, dout: Tensor, x: Tensor, weight: Any, *rest: Any) -> list[Tensor] | None:
    _, _, mean, rstd, training, _, mask = rest
    if not training or not all(mask):
        return None
    shape, dims = [1, -1, *[1] * (x.dim() - 2)], [d for d in range(x.dim()) if d != 1]
    scale = None if weight is None else weight.reshape(shape)
    dx, dweight = _gradients(r, dout, x, mean.reshape(shape), rstd.reshape(shape), scale, dims)
    return [dx, *(r(each.sum(dims), x.numel() // x.shape[1]) for each in (dweight, dout))]


def _bent(r: Round, x: Tensor) -> Tensor:
    """What the tanh of gelu's approximation is taken of."""
    return r(sqrt(2 / pi) * r(x + r(0.044715 * x**3)))


def gelu(r: Round, x: Tensor, **form: Any) -> list[Tensor]:
    """For negative x, 1 + erf and 1 + tanh cancel."""
    bent = torch.tanh(_bent(r, x)) if form.get("approximate") == "tanh" else torch.erf(r(x / sqrt(2)))
    return [x / 2 * r(1 + r(bent))]


def gelu_backward(r: Round, dout: Tensor, x: Tensor, **form: Any) -> list[Tensor]:
    if form.get("approximate") != "tanh":
        density = r(torch.exp(r(-x * x / 2)) / sqrt(2 * pi))
        return [dout * r(r(r(1 + r(torch.erf(r(x / sqrt(2))))) / 2) + r(x * density))]
    t = r(torch.tanh(_bent(r, x)))
    slope = r(sqrt(2 / pi) * r(1 + r(3 * 0.044715 * x * x)))
    return [dout * r(r(r(1 + t) / 2) + r(r(x / 2 * r(1 - r(t * t))) * slope))]


def glu_backward(r: Round, dout: Tensor, x: Tensor, dim: int) -> list[Tensor]:
    """On a CPU the sigmoid is stored before it is taken from 1."""
    value, gate = x.chunk(2, dim)
    s = r(torch.sigmoid(gate), stored=dout.device.type == "cpu")
    return [torch.cat([dout * s, dout * r(r(r(1 - s) * s) * value)], dim)]


def _total(x: Tensor, dim: int | Sequence[int]) -> Tensor:
    """The sum of exp(x - max x). Where one number is far larger than all others, it is 1 and a little, and rounds to 1."""
    largest = torch.nan_to_num(x.amax(dim, keepdim=True))
    return torch.nan_to_num((x - largest).exp().sum(dim, keepdim=True), nan=1.0)


def _off(r: Round, x: Tensor, dim: int | Sequence[int]) -> Tensor:
    """By how much the rounding of that sum moves its logarithm."""
    total, dims = _total(x, dim), [dim] if isinstance(dim, int) else dim
    terms = prod(x.shape[d] for d in dims) if x.dim() else 1
    return torch.where(total > 0, (r(total, terms, stored=True) - total) / total, 0.0)


def log_softmax(r: Round, x: Tensor, dim: int, _: bool) -> list[Tensor]:
    return [torch.log_softmax(x, dim) + _off(r, x, dim)]


def log_softmax_backward(r: Round, dout: Tensor, out: Tensor, dim: int, _: Any) -> list[Tensor]:
    """The gradient of what is nearly sure is the difference of two numbers that are nearly 1."""
    total = r(dout.sum(dim, keepdim=True), out.shape[dim] if out.dim() else 1, stored=True)
    return [dout - r(out.exp() * total, stored=True)]


def logsumexp(r: Round, x: Tensor, dim: Sequence[int], keepdim: bool = False) -> list[Tensor]:
    off = _off(r, x, dim)
    return [torch.logsumexp(x, dim, keepdim) + (off if keepdim else off.amax(dim))]


def logaddexp(r: Round, a: Tensor, b: Tensor) -> list[Tensor]:
    """The larger number and a logarithm, which may cancel."""
    part = torch.nan_to_num(torch.log1p(torch.exp(-(a - b).abs())))
    return [torch.logaddexp(a, b) + (r(part) - part)]


def logaddexp2(r: Round, a: Tensor, b: Tensor) -> list[Tensor]:
    return [each / log(2) for each in logaddexp(r, a * log(2), b * log(2))]


def logit(r: Round, x: Tensor, eps: float | None = None) -> list[Tensor]:
    """The logarithm of a ratio that rounds, which is nearly 1 for a probability of nearly 1/2."""
    p = x if eps is None else x.clamp(eps, 1 - eps)
    ratio = p / (1 - p)
    return [torch.logit(x, eps) + torch.nan_to_num((r(ratio) - ratio) / ratio, posinf=0.0, neginf=0.0)]


COMPOSED: dict[str, Callable[..., list[Tensor] | None]] = {
    "native_layer_norm": layer_norm,
    "native_layer_norm_backward": layer_norm_backward,
    "native_group_norm": group_norm,
    "native_group_norm_backward": group_norm_backward,
    "native_batch_norm": batch_norm,
    "native_batch_norm_backward": batch_norm_backward,
    "gelu": gelu,
    "gelu_backward": gelu_backward,
    "glu_backward": glu_backward,
    "_log_softmax": log_softmax,
    "_log_softmax_backward_data": log_softmax_backward,
    "logaddexp": logaddexp,
    "logaddexp2": logaddexp2,
    "logit": logit,
    "logsumexp": logsumexp,
}
"""Kernel -> (rounding, arguments) -> its results; None for a form of it that is not written here."""
