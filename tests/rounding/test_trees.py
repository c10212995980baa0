"""Trees of the arguments of operations, against those of PyTorch."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.utils import _pytree  # noqa: E402  only where PyTorch is installed

from gradwitness.rounding.torch import trees  # noqa: E402

Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    "tree",
    [
        ((1, [2.0, None], {"a": (torch.float32, "x")}), {"b": [torch.device("cpu"), True]}),
        Pair(1, [Pair(2, 3)]),
        OrderedDict(a=1, b=(2,)),
        [torch.Size([2, 3]), (), [], {}],
        7,
    ],
    ids=str,
)
def test_leaves_and_maps_are_those_of_pytorch(tree: Any) -> None:
    def doubled(leaf: Any) -> Any:
        return (leaf, leaf)

    assert trees.tree_leaves(tree) == _pytree.tree_leaves(tree)
    assert trees.tree_map(doubled, tree) == _pytree.tree_map(doubled, tree)
    assert type(trees.tree_map(doubled, tree)) is type(_pytree.tree_map(doubled, tree))
