"""Rules of solvers that end at a tolerance: what that leaves is told, and is no mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

RNG = np.random.default_rng(0)
WEIGHT = 0.3 * RNG.normal(size=(3, 3))
X = RNG.normal(size=3)


def test_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Equilibrium(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            z = torch.zeros_like(x)
            for _ in range(500):
                new = torch.tanh(weight @ z + x)
                converged = (new - z).abs().max() < 1e-9
                z = new
                if converged:
                    break
            ctx.save_for_backward(z, weight)
            return z

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            z, weight = ctx.saved_tensors
            slope = 1 - z**2
            adjoint = torch.linalg.solve(torch.eye(3, dtype=z.dtype) - weight.T * slope, dout)
            dx = slope * adjoint
            return dx, torch.outer(dx, z)

    report = check_function(Equilibrium.apply, (torch.tensor(X), torch.tensor(WEIGHT)))
    assert report.verdict == "right", report
    assert "Forward ends at a tolerance, 1e-09 in line" in " ".join(str(report).split())


def test_in_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def solved(x: Any, weight: Any) -> Any:
        def goes_on(state: Any) -> Any:
            return state[1] > 1e-9

        def step(state: Any) -> Any:
            new = jnp.tanh(weight @ state[0] + x)
            return new, jnp.abs(new - state[0]).max()

        return jax.lax.while_loop(goes_on, step, (jnp.zeros_like(x), jnp.asarray(1.0, x.dtype)))[0]

    equilibrium = jax.custom_vjp(solved)

    def forward(x: Any, weight: Any) -> Any:
        z = solved(x, weight)
        return z, (z, weight)

    def pulled(kept: Any, dout: Any) -> Any:
        z, weight = kept
        slope = 1 - z**2
        dx = slope * jnp.linalg.solve(jnp.eye(3, dtype=z.dtype) - weight.T * slope, dout)
        return dx, jnp.outer(dx, z)

    equilibrium.defvjp(forward, pulled)
    with jax.enable_x64(True):
        report = check_function(equilibrium, (jnp.asarray(X), jnp.asarray(WEIGHT)))
    assert report.verdict == "right", report
    assert "Forward ends at a tolerance, 1e-09 in line" in " ".join(str(report).split())
