"""Functions of complex numbers in three frameworks: what rounds, what is conjugated, and a conjugate that is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks

RNG = np.random.default_rng(0)
Z = (RNG.normal(size=(4, 3)) + 1j * RNG.normal(size=(4, 3))).astype(np.complex64)

BY_OPERATORS: dict[str, Callable[[Any], Any]] = {"times a number": lambda z: z * (1 + 2j), "over": lambda z: z / (1 + 2j)}


def spelled(name: str) -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    """(tensor, functions) of a framework; skips where it is missing."""
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    if name == "torch":
        import torch

        functions = {
            "abs": torch.abs,
            "sign": torch.sgn,
            "times a number": lambda z: z * (1 + 2j),
            "over": lambda z: z / (1 + 2j),
        }
        return torch.from_numpy(Z), functions | {"solved": lambda z: torch.linalg.solve(z.mH @ z + torch.eye(3), z.mH)}
    if name == "tensorflow":
        import tensorflow as tf

        functions = {"abs": tf.abs, "sign": tf.sign, **BY_OPERATORS}
        identity = tf.eye(3, dtype=tf.complex64)

        def solved(z: Any) -> Any:
            return tf.linalg.solve(tf.matmul(z, z, adjoint_a=True) + identity, tf.linalg.adjoint(z))

        return tf.constant(Z), functions | {"solved": solved}
    import jax.numpy as jnp

    functions = {"abs": jnp.abs, **BY_OPERATORS}
    return jnp.asarray(Z), functions | {"solved": lambda z: jnp.linalg.solve(z.conj().T @ z + jnp.eye(3), z.conj().T)}


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
@pytest.mark.parametrize("which", ["abs", "sign", "times a number", "over", "solved"])
def test_it_is_right_in_64_bits_in_all(name: str, which: str) -> None:
    z, functions = spelled(name)
    if which not in functions:
        pytest.skip("the derivative of jnp.sign is 0 for complex numbers as well, which it is not")
    report = check_function(functions[which], (z,))
    assert report.ok, str(report)
    assert any(finding.about == "float32: out" for finding in report)


@pytest.mark.explained
def test_a_missing_conjugate_is_named() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: Any) -> Any:
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (z,) = ctx.saved_tensors
            return dout * 2 * z

    finding = check_function(Square.apply, torch.from_numpy(Z))["dz"]
    assert finding.verdict == "wrong"
    assert "with conj() it agrees" in finding.explanation


def test_parts_of_complex_numbers_are_named() -> None:
    """Elements of a gradient are real numbers. Its shape has one axis less."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Squared(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
        @staticmethod
        def forward(ctx: Any, z: Any) -> Any:
            ctx.save_for_backward(z)
            return (z * z.conj()).real

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return 2 * dout * ctx.saved_tensors[0].conj()

    finding = check_function(Squared.apply, torch.tensor([3 + 4j, 1 - 2j]))["dz"]
    assert (finding.verdict, finding.wrong) == ("wrong", 2)
    assert "0 on the last axis is the real part" in finding.message
