"""A cotangent, or inputs, that lie in another order in memory have the same values: so have the gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.run import subject
from gradwitness.subjects.pair import leaves, tree_map
from reference import OPS, Case, Op

SUMS = 2.0**-30
"""Sums in another order differ by less than this share; what is misread is off by its size."""
CASES = [pytest.param(op, case, id=f"{op.name}-{case.id}") for op in OPS.values() for case in op.cases]


def results(op: Op, case: Case, *, of_inputs: Any = np.ascontiguousarray, of_dout: Any = np.ascontiguousarray) -> list[Any]:
    at = subject(op, case)
    with np.errstate(all="ignore"):
        out, cache = op.forward(*tree_map(of_inputs, at.inputs), **at.static)
        return [*leaves(out), *op.backward(tree_map(of_dout, at.cotangent), cache)]


@pytest.mark.parametrize("which", ["of_inputs", "of_dout"])
@pytest.mark.parametrize(("op", "case"), CASES)
def test_columns_first_gives_the_same(op: Op, case: Case, which: str) -> None:
    usual, other = results(op, case), results(op, case, **{which: np.asfortranarray})
    for one, two in zip(usual, other, strict=True):
        with np.errstate(invalid="ignore"):
            same = (two == one) | (np.isnan(two) & np.isnan(one))
            assert (same | (np.abs(two - one) <= SUMS * (1 + np.abs(one)))).all()
