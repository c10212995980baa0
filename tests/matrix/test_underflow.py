"""Where the mathematics gives less than the smallest number of a dtype, a zero is right and a number of ordinary size is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adapters
from conformance.run import op_results
from gradwitness import Disagreement, frameworks
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject
from reference import OPS

FAR = {
    "gelu": {"float64": -40.0, "float32": -14.0},
    "silu": {"float64": -800.0, "float32": -100.0},
    "sigmoid": {"float64": -800.0, "float32": -100.0},
    "softplus": {"float64": -800.0, "float32": -100.0},
}
"""Where each op and its gradient are below the normal numbers of a dtype, and not zero in the wider one."""


def evidence(name: str, dtype: str) -> Evidence:
    return Evidence.of(Subject(OPS[name].forward, OPS[name].backward, (np.array([FAR[name][dtype]]),)), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FAR)
def test_the_reference_may_underflow(name: str, dtype: str) -> None:
    told = evidence(name, dtype)
    told.judge(told.native)


@pytest.mark.parametrize("adapter", adapters.NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FAR)
def test_a_framework_may_underflow(name: str, dtype: str, adapter: str) -> None:
    if not frameworks.installed(adapter):
        pytest.skip(f"{adapter} is not installed")
    told = evidence(name, dtype)
    told.judge(op_results(told, name, adapter))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("wrong", [[-1e-30, 0.0], [0.0, 1e-30], [np.nan, 0.0]])
def test_a_wrong_result_does_not_pass_for_underflow(wrong: list[float], dtype: str) -> None:
    results: list[Any] = [np.array([value], dtype) for value in wrong]
    with pytest.raises(Disagreement):
        evidence("gelu", dtype).judge(results)
