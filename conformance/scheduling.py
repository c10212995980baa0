"""How pytest-xdist hands tests to its workers."""

from __future__ import annotations

from typing import Any

import pytest

CELL_TESTS = ("::test_op", "::test_model", "::test_optimizer", "::test_training", "::test_network")
"""Tests whose id begins with the name of an op, or with the seed of a random network."""
BY_OP = (*CELL_TESTS, "::test_the_layer_computes_what_the_op_computes")
"""Those, and other tests whose id begins with the name of an op."""
BY_CASE = ("::test_rounding_alone_explains_what_the_reference_returns_in_a_dtype", "::test_no_case_is_blind")
"""Tests that look at the same evidence of a case in a dtype."""
TOGETHER = ("::test_the_script_shows_both_results_on_the_smallest_input",)
"""Tests that look at what one process printed, which took half a minute."""

RUNS = ("tests/test_suite.py::", "tests/test_new.py::", "tests/test_external_adapter.py::", "tests/test_read_only.py::")
"""Tests that run pytest themselves, up to minutes each: handed out last, as single tests are, they would keep one worker busy
while the others have nothing left."""


def scope(nodeid: str) -> str:
    """What a worker takes at a time: tests of the same scope, one after the other."""
    test, _, parameters = nodeid.partition("[")
    if test.endswith(BY_OP):
        return f"{test}[{parameters.partition('-')[0]}"
    if test.endswith(TOGETHER):
        return test
    return f"[{parameters}" if test.endswith(BY_CASE) else nodeid


def op_by_op(config: pytest.Config, log: Any) -> Any:
    """A scheduler that gives a worker all cells of an op (or of a random network) at a time. The worker compiles for a shape
    once, and asks the reference about a case once. Tests of the same evidence
    go together, too. Other tests are handed out one by one.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OpByOp(LoadScopeScheduling):  # type: ignore[misc,unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            return scope(nodeid)

        def schedule(self) -> None:
            is_first = self.collection is None
            super().schedule()
            if is_first and self.collection is not None:
                for name in [name for name in self.workqueue if name.startswith(RUNS)]:
                    self.workqueue.move_to_end(name, last=False)

    return OpByOp(config, log)
