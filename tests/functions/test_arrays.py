"""Functions of JAX and TensorFlow take arrays of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks

X = np.random.default_rng(0).normal(size=(2, 3))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_arrays_are_differentiated_in_their_dtype(name: str, dtype: str) -> None:
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    library: Any = pytest.importorskip("jax.numpy" if name == "jax" else "tensorflow", reason=f"{name} is not installed")
    report = check_function(lambda x, w, i: library.tanh(x @ w)[i], (X.astype(dtype), X.T.astype(dtype), 1))
    assert report.ok
    assert {"dx", "dw"} <= {finding.about for finding in report}
    assert any(finding.about.startswith("float32") for finding in report) == (dtype == "float32")


def test_arrays_beside_tensors_are_tensors() -> None:
    numpy = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    report = check_function(lambda x, w: numpy.tanh(x @ w), (numpy.asarray(X, "float32"), X.T.astype("float32")))
    assert report["dw"].verdict == "right"
