"""Kernels of PyTorch that take integers on trust: one out of range reads or writes elsewhere in memory, and can end the process.

Edits of source and smaller inputs, which are tried while a mistake is looked for, can bring integers out of range. Here they
raise an IndexError, as they do in the other kernels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def bounded() -> Iterator[None]:
    """The labels of the CTC loss, the offsets of segments and the indices of sparse tensors are looked at first."""
    before = {name: getattr(torch, name) for name in CHECKS}
    with torch.sparse.check_sparse_tensor_invariants():
        for name, check in CHECKS.items():
            setattr(torch, name, _checked(before[name], check))
        try:
            yield
        finally:
            for name, function in before.items():
                setattr(torch, name, function)


def _checked(function: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not torch.compiler.is_compiling():  # a compiled function has run eagerly before
            check(*args, **kwargs)
        return function(*args, **kwargs)

    return checked


def _labels(log_probs: Any, targets: Any, _: Any, target_lengths: Any, *__: Any, **___: Any) -> None:
    """Of a CTC loss. Those behind the length of a target are padding, which is never read."""
    lengths = torch.as_tensor(target_lengths, device=targets.device)
    if targets.dim() == 2 and not any(map(torch._C._functorch.is_batchedtensor, (targets, lengths))):
        targets = targets[torch.arange(targets.shape[1], device=targets.device) < lengths[:, None]]
    _within("ctc_loss", "the labels", targets, log_probs.shape[-1] - 1)


def _offsets(data: Any, *_: Any, offsets: Any = None, axis: int = 0, **__: Any) -> None:
    """Of segments along an axis."""
    if offsets is not None:
        _within("segment_reduce", "the offsets", offsets, data.shape[axis])


CHECKS: dict[str, Callable[..., None]] = {"ctc_loss": _labels, "segment_reduce": _offsets}


def _within(function: str, what: str, integers: Any, last: int) -> None:
    """Raises IndexError. Integers that vmap maps over have no values to look at."""
    if torch._C._functorch.is_batchedtensor(integers) or not integers.numel():
        return
    lowest, highest = int(integers.min()), int(integers.max())
    if lowest < 0 or highest > last:
        raise IndexError(f"{function}: {what} are from {lowest} to {highest}, and 0 to {last} is allowed")
