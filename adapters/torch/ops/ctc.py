"""Connectionist temporal classification in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..reduction import reduce

NEVER = -1e30
"""A log probability that adds nothing to any other; of two infinite ones logaddexp has no gradient."""


def ctc(
    x: Tensor,
    *,
    labels: Tensor,
    input_lengths: Tensor,
    label_lengths: Tensor,
    blank: int = 0,
    zero_infinity: bool = False,
    reduction: str = "mean",
) -> Tensor:
    log_p = F.log_softmax(x, dim=-1).transpose(0, 1)  # the native gradient holds behind a log_softmax only
    if not torch.compiler.is_compiling():
        return F.ctc_loss(log_p, labels, input_lengths, label_lengths, blank, reduction, zero_infinity)
    # Composed where it is compiled: torch.compile does not know what shape the native loss's workspace has.
    losses = _composed(log_p, labels, input_lengths, label_lengths, blank)
    if zero_infinity:
        losses = torch.where(losses < -NEVER / 2, losses, 0)
    return reduce(losses / label_lengths.clamp(min=1) if reduction == "mean" else losses, reduction)


def _composed(log_p: Tensor, labels: Tensor, input_lengths: Tensor, label_lengths: Tensor, blank: int) -> Tensor:
    """Losses (N,) of log_p (T, N, C): the sum over prefixes, differentiated as it stands."""
    states = torch.full((len(labels), 2 * labels.shape[1] + 1), blank, device=labels.device)
    states[:, 1::2] = labels
    skips = F.pad((states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2]), (2, 0))
    emitted = log_p.gather(2, states.expand(len(log_p), -1, -1))
    place = torch.arange(states.shape[1], device=labels.device)
    log_a = torch.where(place < 2, emitted[0], NEVER)
    for t in range(1, len(log_p)):
        by_one, by_two = (F.pad(log_a, (step, 0), value=NEVER)[:, :-step] for step in (1, 2))
        entered = torch.logaddexp(torch.logaddexp(log_a, by_one), torch.where(skips, by_two, NEVER))
        log_a = torch.where(t < input_lengths[:, None], emitted[t] + entered, log_a)
    ends = place - 2 * label_lengths[:, None]
    return -torch.where((ends == 0) | (ends == -1), log_a, NEVER).logsumexp(dim=1)
