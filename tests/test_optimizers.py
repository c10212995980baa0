"""Every optimizer of the reference against the framework's own: the parameter after each of 20 steps."""

from collections.abc import Callable
from typing import Any

from tests.matrix import Cell


def test_optimizer(optimizer_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(optimizer_cell)
