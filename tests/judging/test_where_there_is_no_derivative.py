"""Points at which a part of a function has no derivative, or cannot be moved: each is told for what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check


def zero(_dout: Any, x: Any) -> Any:
    return np.zeros_like(x)


def test_a_jump_at_zero_is_a_jump() -> None:
    report = check(np.sign, zero, (np.array([0.0, 1.0]),))
    assert [finding.verdict for finding in report] == ["jump"]
    assert check(np.sign, zero, (np.array([-0.5, 1.0]),)).verdict == "right"


def shrunk(x: Any) -> Any:
    return np.where(np.abs(x) > 0.5, x, 0)


def test_a_jump_to_either_side_is_a_jump() -> None:
    report = check(shrunk, lambda dout, x: dout * (np.abs(x) > 0.5), (np.array([0.5, -0.5, 1.0]),))
    assert [finding.verdict for finding in report] == ["jump"]


def power(x: Any, y: Any) -> Any:
    return x**y


def of_power(dout: Any, x: Any, y: Any) -> Any:
    return dout * y * x ** (y - 1), dout * np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0) * x**y


def with_a_mistake(dout: Any, x: Any, y: Any) -> Any:
    dx, dy = of_power(dout, x, y)
    return dx, 1.001 * dy


def test_arguments_that_leave_the_domain_together_are_moved_alone() -> None:
    """(-h)^(2 + h) has no real value, and (-h)^2 and 0^(2 + h) have one."""
    at = (np.array([0.0, 2.0]), np.array([2.0, 3.0]))
    assert check(power, of_power, at).verdict == "right"
    assert [finding.verdict for finding in check(power, with_a_mistake, at)] == ["right", "wrong"]


def eigenvalues(x: Any) -> Any:
    return np.linalg.eigvalsh((x + x.T) / 2)


def of_eigenvalues(dout: Any, x: Any) -> Any:
    vectors = np.linalg.eigh((x + x.T) / 2)[1]
    return (vectors * dout) @ vectors.T


@pytest.mark.parametrize("seed", range(4))
def test_eigenvalues_that_coincide(seed: int) -> None:
    report = check(eigenvalues, of_eigenvalues, (np.eye(3),), seed=seed)
    assert report.verdict == "right", str(report)
    apart = np.diag([1.0, 2.0, 4.0])
    assert check(eigenvalues, of_eigenvalues, (apart,), seed=seed).verdict == "right"
    assert check(eigenvalues, lambda dout, x: of_eigenvalues(1.001 * dout, x), (apart,), seed=seed).verdict == "wrong"
