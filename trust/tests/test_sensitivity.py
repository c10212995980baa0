"""What `python -m trust sensitivity` reports: is the error it names detected, is a smaller one not, and are the aims met?"""

from __future__ import annotations

import numpy as np
import pytest

from conformance.run import evidence
from gradwitness import Disagreement
from gradwitness.arrays import unit_roundoff
from reference import OPS
from trust.sensitivity.report import AIMS
from trust.sensitivity.search import STEP, elements, of_case, smallest

CASES = [pytest.param(name, dtype, id=f"{name}-{dtype}") for name in ("softmax", "linear", "layer_norm") for dtype in AIMS]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_the_error_named_is_detected_and_a_smaller_one_is_not(name: str, dtype: str) -> None:
    told = evidence(OPS[name], "generic", dtype)
    for _, which, index in elements(told):
        results = [np.array(m.truth, told.dtype) for m in told.measured]
        truth, error = told.measured[which].truth[index], smallest(told, which, index)
        # Both within what the bisection leaves open and the dtype can hold.
        for factor, detected in ((STEP, True), (1 / STEP**2, False)):
            moved = error * factor + (4 if detected else -4) * unit_roundoff(dtype)
            results[which][index] = told.dtype.type(truth * (1 + np.longdouble(moved)))
            try:
                told.judge(results)
            except Disagreement:
                assert detected
            else:
                assert not detected


@pytest.mark.parametrize("dtype", AIMS)
def test_the_median_over_the_generic_cases_is_below_the_aim(dtype: str) -> None:
    found = [of_case(name, op.cases[0].id, dtype) for name, op in OPS.items()]
    assert np.median([row.least for row in found if row]) < AIMS[dtype]


def test_the_most_sensitive_element_is_named_and_no_more_than_the_median_is_wanted_of_it() -> None:
    row = of_case("softmax", "generic", "float32")
    assert row is not None
    assert row.least <= row.median
    assert row.where.startswith("dx[")
