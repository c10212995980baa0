"""What the user's own dtype returns is judged as well: float32, float16, bfloat16, and an overflow in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import largest, smallest, unit_roundoff
from gradwitness.checking import check, check_loss
from gradwitness.report.report import Report

ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 for NumPy is in ml_dtypes, which is not installed")
DTYPES = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
RNG = np.random.default_rng(5)
X, W = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3))


def forward(x: Any, w: Any) -> Any:
    return np.tanh(x @ w), (x, w)


def backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    z = dout * (1 - np.tanh(x @ w) ** 2)
    return z @ w.T, x.T @ z


def in_dtype(dtype: Any, function: Any = backward) -> Report:
    return check(forward, function, (X.astype(dtype), W.astype(dtype)))


@pytest.mark.parametrize("name", DTYPES)
def test_a_right_backward_is_right_in_its_own_dtype(name: str) -> None:
    report = in_dtype(DTYPES[name])
    assert report.ok, report
    assert report[f"dx in {name}"].verdict == "right"
    assert report[f"dw in {name}"].of == W.size


@pytest.mark.parametrize("name", DTYPES)
def test_a_backward_that_is_wrong_in_its_own_dtype_alone(name: str) -> None:
    """Off by many roundoffs of its dtype where the inputs are narrow, and right where they are wide."""
    factor = 1 + 2000 * unit_roundoff(DTYPES[name])

    def slips(dout: Any, cache: Any) -> Any:
        dx, dw = backward(dout, cache)
        return (dx, dw) if cache[0].dtype.itemsize > 4 else (dx, dw * dw.dtype.type(factor))

    report = in_dtype(DTYPES[name], slips)
    assert report["dw"].verdict == "right"
    assert report[f"dx in {name}"].verdict == "right"
    assert report[f"dw in {name}"].verdict == "wrong"
    assert report.verdict == "wrong"


def test_a_wrong_backward_is_wrong_in_a_narrow_dtype() -> None:
    report = in_dtype(np.float32, lambda dout, cache: (backward(dout, cache)[0], 2 * backward(dout, cache)[1]))
    assert (report["dx"].verdict, report["dw"].verdict) == ("right", "wrong")


def softplus(x: Any) -> Any:
    return np.log(1 + np.exp(x))


def softplus_backward(dout: Any, x: Any) -> Any:
    return dout / (1 + np.exp(-x))


def naive_backward(dout: Any, x: Any) -> Any:
    return dout * np.exp(x) / (1 + np.exp(x))


OVERFLOWS = {
    "float64, forward": (softplus_backward, np.float64, 800.0, {"out in float64"}),
    "float64, both": (naive_backward, np.float64, 800.0, {"out in float64", "dx in float64"}),
    "float32, both": (naive_backward, np.float32, 100.0, {"out in float32", "dx in float32"}),
    "float16, both": (naive_backward, np.float16, 12.0, {"out in float16", "dx in float16"}),
}


@pytest.mark.parametrize("case", OVERFLOWS)
def test_an_overflow_is_not_excused_by_a_wider_dtype(case: str) -> None:
    function, dtype, at, about = OVERFLOWS[case]
    report = check(softplus, function, (np.array([1.0, at], dtype),))
    assert report.verdict == "wrong"
    assert {finding.about for finding in report if finding.verdict == "overflow"} == about
    finding = next(finding for finding in report if finding.verdict == "overflow")
    assert (finding.index, finding.wrong, finding.of) == ((1,), 1, 2)


def test_what_no_number_of_the_dtype_holds_is_no_fault() -> None:
    report = check(lambda x: np.exp(x), lambda dout, x: dout * np.exp(x), (np.array([1.0, 800.0]),))
    assert not any(finding.verdict == "overflow" for finding in report), report
    assert report["out in float64"].verdict == "note"


def test_digits_that_a_formula_loses_are_honest_error() -> None:
    """log(1 + exp(x)) is 0 in float32 where exp(x) is small: rounding, as Monte Carlo arithmetic sees."""
    report = check(softplus, lambda dout, x: dout * (1 - 1 / (1 + np.exp(x))), (np.array([-20.0, 0.5], np.float32),))
    assert report.ok, report


def test_what_cannot_be_watched_is_a_note() -> None:
    def solve(a: Any, b: Any) -> Any:
        return np.linalg.solve(a, b), (a, b)

    def solve_backward(dout: Any, cache: Any) -> Any:
        a, b = cache
        db = np.linalg.solve(a.T, dout)
        wide = a.dtype.itemsize > 4
        return -np.outer(db, np.linalg.solve(a, b)), db if wide else db * np.float32(1.01)

    a, b = (RNG.normal(size=(4, 4)) + 4 * np.eye(4)).astype(np.float32), RNG.normal(size=4).astype(np.float32)
    report = check(solve, solve_backward, (a, b))
    assert report["db in float32"].verdict == "note"
    assert "digits are lost" in report["db in float32"].message


def test_a_loss_of_float32_parameters() -> None:
    def loss(p: Any, x: Any) -> Any:
        z = x @ p["w"]
        return (z**2).mean(), {"w": 2 * x.T @ z / z.size}

    report = check_loss(loss, {"w": W.astype(np.float32)}, X.astype(np.float32))
    assert report.ok, report
    assert report["dw in float32"].verdict == "right"


@pytest.mark.parametrize("name", DTYPES)
def test_the_precision_of_a_dtype(name: str) -> None:
    dtype = DTYPES[name]
    assert dtype(1) + dtype(2 * unit_roundoff(dtype)) > dtype(1)
    assert dtype(1) + dtype(unit_roundoff(dtype)) == dtype(1)
    assert np.isfinite(float(dtype(largest(dtype))))
    assert float(dtype(smallest(dtype))) > 0
    assert float(dtype(float(smallest(dtype)) / 4)) == 0


def test_a_gradient_of_another_shape_is_wrong_in_any_dtype() -> None:
    x, w = np.ones((3, 2), np.float32), np.arange(8, dtype=np.float32).reshape(2, 4)
    report = check(lambda x, w: x @ w, lambda d, x, w: (d @ w.T, d.T @ x), (x, w))
    assert report["dw"].verdict == "wrong"
    assert "wanted (2, 4)" in report["dw"].message
