"""Eigenvectors and singular vectors of complex matrices, whose phases are arbitrary: right but for those, or told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.functions.phases import unphased

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(5, 3)) + 1j * RNG.normal(size=(5, 3))
HERMITIAN = Z.conj().T @ Z + np.eye(3)


def verdict_of(function: Any, tensor: Any) -> tuple[str, str]:
    """The verdict about the gradient, and what is said."""
    (finding,) = (finding for finding in check_function(function, tensor) if finding.about == "dx")
    return finding.verdict, finding.message


def test_vectors_of_jax() -> None:
    jax = pytest.importorskip("jax", reason="its functions are checked")
    linalg = jax.numpy.linalg
    with jax.enable_x64(True):
        z, hermitian = jax.numpy.asarray(Z), jax.numpy.asarray(HERMITIAN)
        verdict, message = verdict_of(lambda x: linalg.svd(x, full_matrices=False), z)
        assert verdict == "convention"
        assert message.startswith("Right for what does not depend on phases")
        verdict, message = verdict_of(lambda x: linalg.eigh(x)[1].real.sum(), hermitian)
        assert verdict == "wrong"
        assert "If its outputs depend on those factors, no gradient is right" in message
        verdict, _ = verdict_of(lambda x: (linalg.eigh(x)[1], (jax.lax.stop_gradient(x) * x).sum()), hermitian)
        assert verdict == "wrong"
        assert verdict_of(lambda x: abs(linalg.eigh(x)[1]), hermitian)[0] == "right"


def test_vectors_of_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="its functions are checked")
    assert verdict_of(lambda x: tf.linalg.svd(x), tf.constant(Z))[0] == "convention"
    verdict, message = verdict_of(lambda x: tf.linalg.eigh(x @ tf.linalg.adjoint(x))[1], tf.constant(Z[:3]))
    assert verdict == "convention"
    assert "take abs(v)" in message


def as_pairs(matrix: Any) -> Any:
    return np.stack([matrix.real, matrix.imag], -1)


@pytest.mark.parametrize("matrix", [Z, HERMITIAN, np.stack([Z, 2j * Z])], ids=["tall", "square", "batch"])
def test_a_cotangent_that_does_not_see_phases(matrix: Any) -> None:
    dout = RNG.normal(size=(*matrix.shape, 2))
    found = unphased(as_pairs(matrix), dout)
    for axis in (-1, -2):
        along = (as_pairs(1j * matrix) * found).sum(-1).sum(axis)
        assert np.abs(along).max() < 1e-13
    assert np.abs(unphased(as_pairs(matrix), found) - found).max() < 1e-13
