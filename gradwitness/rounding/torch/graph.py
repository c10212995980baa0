"""The graph of autograd: what the nodes behind a tensor say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def nodes(outs: Sequence[torch.Tensor]) -> set[Any]:
    """The nodes of the graph that some tensors hang on."""
    waiting: list[Any] = [out.grad_fn for out in outs]
    seen: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return seen


def is_own(node: Any) -> bool:
    """Whether it is of a torch.autograd.Function, of Python or C++: the graph knows nothing of its inside."""
    return isinstance(node, torch.autograd.function.BackwardCFunction) or type(node).__name__ == "CppFunction"
