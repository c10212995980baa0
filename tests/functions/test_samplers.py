"""Random numbers whose gradient is implicit are no fault, and what is wrong beside them is still told by its own row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwitness import check_function

IMPLICIT = "whose gradient is implicit"


def test_in_pytorch() -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    rates = torch.tensor([0.7, 1.1, 2.5], dtype=torch.float64)
    for kind in (torch.distributions.Gamma, torch.distributions.Beta):
        report = check_function(lambda a, b, kind=kind: kind(a, b).rsample(), (rates, rates + 1))
        assert report.verdict == "cannot tell", report
        assert IMPLICIT in report["da"].message
    normal = check_function(lambda a: torch.distributions.Normal(a, 1.0).rsample(), rates)
    assert normal.ok, normal


def test_in_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    report = check_function(lambda a: jax.random.gamma(jax.random.key(0), a), jax.numpy.array([0.7, 1.1, 2.5]))
    assert IMPLICIT in report["da"].message, report


def test_in_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    report = check_function(lambda a: tf.random.stateless_gamma([3], [1, 2], a), tf.constant([0.7, 1.1, 2.5]))
    assert IMPLICIT in report["da"].message, report


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg"])
def test_a_key_of_jax_is_data_in_a_report_that_says_wrong_and_in_its_script(implementation: str, tmp_path: Path) -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    def noisy(x: Any, key: Any) -> Any:
        return jax.lax.stop_gradient(x) * jax.random.normal(key, x.shape)

    report = check_function(noisy, (jax.numpy.array([0.7, 1.1]), jax.random.key(1, impl=implementation)))
    assert report["dx"].verdict == "wrong"
    report.reproducer(tmp_path / "script.py")
    assert "wrap_key_data(jnp.asarray([" in (tmp_path / "script.py").read_text()
