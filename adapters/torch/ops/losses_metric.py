"""The reference's losses of margins, similarities and overlaps in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..reduction import reduce


def hinge(x: Tensor, *, labels: Tensor, reduction: str = "mean") -> Tensor:
    # PyTorch's hinge is that of a difference: here, of x and nothing.
    return F.margin_ranking_loss(x, torch.zeros_like(x), labels, margin=1.0, reduction=reduction)


def squared_hinge(x: Tensor, *, labels: Tensor, reduction: str = "mean") -> Tensor:
    return reduce(hinge(x, labels=labels, reduction="none") ** 2, reduction)  # PyTorch squares its multi-class hinge only


def multi_margin(
    x: Tensor, *, labels: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return F.multi_margin_loss(x, labels, p, margin, weight, reduction=reduction)


def hinge_embedding(x: Tensor, *, labels: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    return F.hinge_embedding_loss(x, labels, margin, reduction=reduction)


def margin_ranking(x1: Tensor, x2: Tensor, *, labels: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    return F.margin_ranking_loss(x1, x2, labels, margin, reduction=reduction)


def triplet_margin(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=reduction)


def cosine_embedding(x1: Tensor, x2: Tensor, *, labels: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    return F.cosine_embedding_loss(x1, x2, labels, margin, reduction=reduction)


def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: int = -1, eps: float = 1e-8) -> Tensor:
    return F.cosine_similarity(x1, x2, axis, eps)


def focal(x: Tensor, *, labels: Tensor, alpha: float | None = None, gamma: float = 2.0, reduction: str = "mean") -> Tensor:
    # Composed as in torchvision, which has it; torch has not.
    p = torch.sigmoid(x)
    wrong = 1 - (p * labels + (1 - p) * (1 - labels))
    losses = wrong**gamma * F.binary_cross_entropy_with_logits(x, labels, reduction="none")
    if alpha is not None:
        losses = (alpha * labels + (1 - alpha) * (1 - labels)) * losses
    return reduce(losses, reduction)


def dice(
    p: Tensor,
    *,
    labels: Tensor,
    axis: tuple[int, ...] | None = None,
    smooth: float = 0.0,
    eps: float = 1e-7,
    reduction: str = "mean",
) -> Tensor:
    # Composed: torch has none.
    overlap, size = (p * labels).sum(axis), p.sum(axis) + labels.sum(axis)
    return reduce(1 - (2 * overlap + smooth) / (size + smooth + eps), reduction)


def info_nce(
    query: Tensor,
    keys: Tensor,
    *,
    temperature: float = 0.07,
    symmetric: bool = False,
    eps: float = 1e-12,
    reduction: str = "mean",
) -> Tensor:
    # Composed of F.normalize and F.cross_entropy: torch has no contrastive loss of a batch.
    scores = F.normalize(query, eps=eps) @ F.normalize(keys, eps=eps).T / temperature
    own = torch.arange(len(query), device=query.device)
    loss = F.cross_entropy(scores, own, reduction=reduction)
    return (loss + F.cross_entropy(scores.T, own, reduction=reduction)) / 2 if symmetric else loss
