"""Vectors of decompositions in float32: LAPACK gives them another sign, or phase, than in float64, and both are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.rounding.vectors import Vectors, aligned

RNG = np.random.default_rng(1)
SQUARE = RNG.normal(size=(4, 4))
SYMMETRIC = (SQUARE + SQUARE.T) / 2
COMPLEX = SQUARE + 1j * RNG.normal(size=(4, 4))
HERMITIAN = (COMPLEX + COMPLEX.conj().T) / 2
OTHER_SIGN = np.diag([1.0, -1, 1, -1])


def rows(report: Any) -> set[str]:
    """The verdicts in float32."""
    return {finding.verdict for finding in report.findings if finding.about.startswith("float32")}


def test_of_pytorch() -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    eigh, svd = torch.linalg.eigh, torch.linalg.svd
    symmetric, square = torch.tensor(SYMMETRIC, dtype=torch.float32), torch.tensor(SQUARE, dtype=torch.float32)
    narrow, wide = eigh(symmetric).eigenvectors, eigh(symmetric.double()).eigenvectors
    assert ((narrow * wide).sum(0) < 0).any(), "this LAPACK picks the same signs in both dtypes: take another matrix"
    assert rows(check_function(lambda x: eigh(x).eigenvectors, symmetric)) == {"right"}
    assert rows(check_function(lambda x: tuple(svd(x, full_matrices=False)), square)) == {"right"}


def test_an_error_is_seen_behind_them() -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    symmetric = torch.tensor(SYMMETRIC, dtype=torch.float32)

    def right(x: Any) -> Any:
        return torch.linalg.eigh(x).eigenvectors

    def wrong(x: Any) -> Any:
        return right(x) * (1 + 1e-5)

    assert rows(check_function(right, symmetric, reference=right)) == {"right"}
    assert rows(check_function(wrong, symmetric, reference=right)) == {"wrong"}


def test_of_jax() -> None:
    jax = pytest.importorskip("jax", reason="its functions are checked")
    linalg, asarray = jax.numpy.linalg, jax.numpy.asarray
    assert rows(check_function(lambda x: tuple(linalg.eigh(x)), asarray(SYMMETRIC, np.float32))) == {"right"}
    assert rows(check_function(lambda x: linalg.svd(x, full_matrices=False), asarray(COMPLEX, np.complex64))) == {"right"}


@pytest.mark.parametrize("name", ["eigh", "svd", "eig"])
@pytest.mark.parametrize("matrix", [SYMMETRIC, HERMITIAN], ids=["real", "complex"])
def test_of_tensorflow(name: str, matrix: Any) -> None:
    tf = pytest.importorskip("tensorflow", reason="its functions are checked")
    dtype = np.complex64 if np.iscomplexobj(matrix) else np.float32
    assert rows(check_function(lambda x: getattr(tf.linalg, name)(x), tf.constant(matrix.astype(dtype)))) == {"right"}


def test_phases_that_vary_at_random_are_no_error() -> None:
    """Those of TensorFlow's svd are exact to half of the digits where they converge slowly."""
    tf = pytest.importorskip("tensorflow", reason="its functions are checked")
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    report = check_function(lambda x: tf.linalg.svd(x), tf.constant(matrix))
    assert report["dx"].verdict == "cannot tell", report
    assert "no gradient is right" in report["dx"].message


def test_signs_of_both_sides_are_changed_together() -> None:
    u, s, vh = np.linalg.svd(COMPLEX)
    phases = np.exp(1j * np.arange(4))
    native = [u * phases, s, phases.conj()[:, None] * vh]
    found = aligned(np, Vectors((0,), tied=2, rows=True), [u, s, vh], native)
    assert all(np.abs(a - b).max() < 1e-14 for a, b in zip(found, native, strict=True))


def test_eigenvalues_in_another_order() -> None:
    values, vectors = np.linalg.eig(SQUARE)
    order = [2, 0, 3, 1]
    native = [values[order], vectors[:, order] @ OTHER_SIGN]
    found = aligned(np, Vectors((1,), values=0), [values, vectors], native)
    assert all(np.abs(a - b).max() < 1e-14 for a, b in zip(found, native, strict=True))


def test_values_alone_have_no_sign() -> None:
    assert aligned(np, Vectors((1,), tied=2), [np.ones(3)], [np.ones(3)])[0].tolist() == [1, 1, 1]
