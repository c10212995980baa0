"""Every optimizer of the reference against the framework's own: the parameter after each of 20 steps."""

from collections.abc import Callable
from typing import Any

import pytest

from conformance.matrix import Cell
from conformance.run import optimizer_path
from gradwitness import K
from reference import OPTIMIZERS, Optimizer


def test_optimizer(optimizer_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(optimizer_cell)


EVERY_CASE = [pytest.param(rule, case.id, id=f"{rule.name}-{case.id}") for rule in OPTIMIZERS.values() for case in rule.cases]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("optimizer", "case_id"), EVERY_CASE)
def test_rounding_alone_explains_the_reference_s_own_path_and_leaves_something_to_see(
    optimizer: Optimizer, case_id: str, dtype: str
) -> None:
    path, _, _ = optimizer_path(optimizer, case_id, dtype)
    path.judge(path.native)
    assert K * path.furthest() < 0.01  # a path that rounding had carried away could not disagree
