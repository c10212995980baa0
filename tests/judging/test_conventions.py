"""Functions of symmetric, Hermitian and triangular matrices that read one triangle: which gradient is right is a convention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function

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
    "tensorflow": ("cholesky", "eigvalsh", "logdet"),
    "jax": ("cholesky", "eigvalsh"),
}
B = np.random.default_rng(1).normal(size=(2, 3, 3, 2)).view(complex)[..., 0]
HERMITIAN = B @ B.conj().swapaxes(-1, -2) + np.eye(3)


def linalg_of(framework: str) -> tuple[Any, Any]:
    """A framework's functions of matrices, and what makes a tensor."""
    module = pytest.importorskip(framework, reason=f"{framework} is not installed")
    if framework == "jax":
        import jax.numpy as module
    return module.linalg, getattr(module, {"torch": "tensor", "tensorflow": "constant", "jax": "asarray"}[framework])


@pytest.mark.parametrize("matrix", [SYMMETRIC.astype("float32"), HERMITIAN.astype("complex64")], ids=["symmetric", "Hermitian"])
@pytest.mark.parametrize(("framework", "name"), [(framework, name) for framework, names in FUNCTIONS.items() for name in names])
def test_functions_of_symmetric_matrices_in_frameworks(framework: str, name: str, matrix: Any) -> None:
    linalg, tensor = linalg_of(framework)
    report = check_function(getattr(linalg, name), tensor(matrix))
    assert report.ok, str(report)


def test_matrices_that_are_hermitian_but_for_rounding() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(3)
    a = torch.tensor(rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))
    moved = a @ a.mH + 1e-14 * torch.tensor(rng.normal(size=(6, 6)))
    report = check_function(torch.linalg.cholesky, moved)
    assert report["dinput0"].verdict == "convention", str(report)


def hermitian_rule(torch: Any, fault: str) -> Any:
    """Eigenvalues, and the squares of the elements of eigenvectors, by hand, with a fault."""

    class Eigen(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            values, vectors = torch.linalg.eigh(x)
            ctx.save_for_backward(values, vectors)
            return values, vectors.abs().square()

        @staticmethod
        def backward(ctx: Any, dvalues: Any, dsquares: Any) -> Any:
            values, vectors = ctx.saved_tensors
            dvectors = (1 if fault == "factor" else 2) * dsquares * vectors
            apart = values[..., None, :] - values[..., :, None]
            inverse = torch.where(apart == 0, 0, 1 / apart)
            adjoint = vectors.mT if fault == "conj" else vectors.mH
            inner = inverse * (adjoint @ dvectors) + torch.diag_embed(dvalues)
            dx = vectors @ inner @ vectors.mH
            dx = (dx + dx.mH) / 2
            return dx.mT if fault == "transpose" else dx

    return Eigen.apply


@pytest.mark.parametrize("fault", ["", "factor", "conj", "transpose"])
def test_a_wrong_gradient_of_a_hermitian_matrix_is_wrong(fault: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(hermitian_rule(torch, fault), torch.tensor(HERMITIAN), strides=False)
    assert report["dx"].verdict == ("wrong" if fault else "convention"), str(report)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("matrix", [SYMMETRIC, HERMITIAN], ids=["symmetric", "Hermitian"])
def test_functions_of_cholesky_factors_are_right_in_their_triangle(matrix: Any, upper: bool) -> None:
    """PyTorch's own tests of them move the triangle alone, with a real diagonal."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    factor = torch.linalg.cholesky(torch.tensor(matrix), upper=upper)
    columns = torch.ones_like(factor)[..., :2]
    for report in (
        check_function(torch.cholesky_inverse, factor, kwargs={"upper": upper}),
        check_function(torch.cholesky_solve, (columns, factor), kwargs={"upper": upper}, order=1 if upper else 2),
    ):
        assert report.ok, str(report)
        assert any(finding.verdict == "convention" and "triangular" in finding.message for finding in report)


def test_a_rule_of_the_user_stays_in_the_triangle() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Inverse(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, factor: Any) -> Any:
            inverse = torch.cholesky_inverse(factor)
            ctx.save_for_backward(factor, inverse)
            return inverse

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            factor, inverse = ctx.saved_tensors
            return -inverse @ (dout + dout.mT) @ inverse @ factor

    factor = torch.linalg.cholesky(torch.tensor(SYMMETRIC))
    assert check_function(Inverse.apply, factor).verdict == "wrong"
    assert check_function(lambda factor: Inverse.apply(factor).tril(), factor).verdict == "wrong"


def test_forward_mode_of_a_function_of_symmetric_matrices() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for matrix in (SYMMETRIC, HERMITIAN):
        report = check_function(torch.linalg.cholesky, torch.tensor(matrix), order=2)
        assert {finding.about: finding.verdict for finding in report}["forward mode"] == "right"
        assert report.ok, str(report)
