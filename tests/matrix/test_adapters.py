"""Every op of the reference, in every framework: same result, same gradients."""

from collections.abc import Callable
from typing import Any

from conformance.matrix import Cell


def test_op(op_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(op_cell)
