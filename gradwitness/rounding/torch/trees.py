"""Nested arguments of operations: `tree_leaves` and `tree_map` of PyTorch, which take most of the time of a small operation.

An operation has tensors, numbers, and tuples, lists and dicts of them. What is neither is left to PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree

LEAVES = (torch.Tensor, int, float, complex, str, type(None), torch.dtype, torch.device, torch.layout)


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a tree in their order. None is one."""
    found: list[Any] = []
    _gather(tree, found)
    return found


def _gather(tree: Any, found: list[Any]) -> None:
    kind = type(tree)
    if kind is tuple or kind is list:
        for each in tree:
            _gather(each, found)
    elif kind is dict:
        for each in tree.values():
            _gather(each, found)
    elif isinstance(tree, LEAVES):
        found.append(tree)
    else:
        found += _pytree.tree_leaves(tree)


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with function(leaf) in place of each leaf."""
    kind = type(tree)
    if kind is tuple:
        return tuple([tree_map(function, each) for each in tree])
    if kind is list:
        return [tree_map(function, each) for each in tree]
    if kind is dict:
        return {key: tree_map(function, each) for key, each in tree.items()}
    return function(tree) if isinstance(tree, LEAVES) else _pytree.tree_map(function, tree)
