"""How pytest-xdist hands tests to its workers."""

from __future__ import annotations

from typing import Any

import pytest

CELL_TESTS = ("::test_op", "::test_model", "::test_optimizer", "::test_training", "::test_network")
"""Tests whose id begins with the name of an op, or with the seed of a random network."""
BY_OP = (*CELL_TESTS, "::test_the_layer_computes_what_the_op_computes")
"""Those, and other tests whose id begins with the name of an op."""


def op_by_op(config: pytest.Config, log: Any) -> Any:
    """A scheduler that gives a worker all cells of an op (or of a random network) at a time. The worker compiles for a shape
    once, and asks the reference about a case once. Other tests are handed out one by one.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OpByOp(LoadScopeScheduling):  # type: ignore[misc,unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            test, _, cell = nodeid.partition("[")
            return f"{test}[{cell.partition('-')[0]}" if test.endswith(BY_OP) else nodeid

    return OpByOp(config, log)
