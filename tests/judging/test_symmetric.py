"""Functions of symmetric matrices that read one triangle: a gradient that is shared between both is a convention, and right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check

A = np.random.default_rng(0).normal(size=(4, 4))
SYMMETRIC = A @ A.T + np.eye(4)


def of_cholesky(dout: Any, x: Any) -> Any:
    """Murray, "Differentiation of the Cholesky decomposition", 2016, made symmetric."""
    factor = np.linalg.cholesky(x)
    inner = np.tril(factor.T @ dout)
    inner[np.diag_indices(len(x))] /= 2
    inverse = np.linalg.inv(factor)
    full = inverse.T @ inner @ inverse
    return (full + full.T) / 2


def in_one_triangle(dout: Any, x: Any) -> Any:
    shared = of_cholesky(dout, x)
    return np.tril(shared) + np.tril(shared, -1)


@pytest.mark.parametrize(("backward", "verdict"), [(of_cholesky, "convention"), (in_one_triangle, "right")])
def test_both_conventions_of_cholesky_are_right(backward: Any, verdict: str) -> None:
    report = check(np.linalg.cholesky, backward, (SYMMETRIC,))
    assert report.verdict == "right", str(report)
    (finding,) = [each for each in report if each.about.startswith("d")]
    assert finding.verdict == verdict
    assert finding.sight < 1e-9


@pytest.mark.parametrize("factor", [1.001, 2, 0])
def test_a_wrong_gradient_of_cholesky_is_wrong(factor: float) -> None:
    report = check(np.linalg.cholesky, lambda dout, x: factor * of_cholesky(dout, x), (SYMMETRIC,))
    assert report.verdict == "wrong"
    assert "Nor is it right for symmetric matrices" in str(report).replace("\n", " ")


def test_a_function_that_reads_both_triangles_has_one_gradient() -> None:
    def forward(x: Any) -> Any:
        return x @ np.arange(4.0)

    def symmetrised(dout: Any, _x: Any) -> Any:
        dx = np.outer(dout, np.arange(4.0))
        return (dx + dx.T) / 2

    assert check(forward, symmetrised, (SYMMETRIC,)).verdict == "wrong"


FUNCTIONS = {
    "torch": ("cholesky", "eigvalsh"),
    "tensorflow": ("cholesky", "eigvalsh"),
    "jax": ("cholesky", "eigvalsh"),
}


@pytest.mark.parametrize(("framework", "name"), [(framework, name) for framework, names in FUNCTIONS.items() for name in names])
def test_functions_of_symmetric_matrices_in_frameworks(framework: str, name: str) -> None:
    from gradwitness import check_function

    module = pytest.importorskip(framework, reason=f"{framework} is not installed")
    if framework == "jax":
        import jax.numpy as module
    tensor = {"torch": "tensor", "tensorflow": "constant", "jax": "asarray"}[framework]
    report = check_function(getattr(module.linalg, name), getattr(module, tensor)(SYMMETRIC.astype("float32")))
    assert report.ok, str(report)


def test_forward_mode_of_a_function_of_symmetric_matrices() -> None:
    from gradwitness import check_function

    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(torch.linalg.cholesky, torch.tensor(SYMMETRIC), order=2)
    assert {finding.about: finding.verdict for finding in report}["forward mode"] == "right"
    assert report.ok, str(report)
