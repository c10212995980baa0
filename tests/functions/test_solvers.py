"""Rules of solvers that end at a tolerance: what that leaves is told, and is no mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

pytestmark = pytest.mark.explained

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
    assert "A solver ends at a tolerance, 1e-09 in line" in " ".join(str(report).split())


def test_where_the_hook_of_a_module_solves_as_well() -> None:
    """As deep equilibrium models are written: the adjoint is solved for in a hook, and differences meet both tolerances."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Equilibrium(torch.nn.Module):
        def __init__(self, tol: float) -> None:
            super().__init__()
            self.tol, self.weight = tol, torch.nn.Parameter(torch.tensor(WEIGHT))

        def solved(self, step: Any, z: Any) -> Any:
            for _ in range(200):
                new = step(z)
                if torch.norm(new - z) < self.tol:
                    break
                z = new
            return new

        def forward(self, x: Any) -> Any:
            with torch.no_grad():
                z = self.solved(lambda z: torch.tanh(z @ self.weight.T + x), torch.zeros_like(x))
            z = torch.tanh(z @ self.weight.T + x)
            if z.requires_grad:
                start = z.detach().requires_grad_()
                again = torch.tanh(start @ self.weight.T + x)
                z.register_hook(
                    lambda dout: self.solved(
                        lambda y: torch.autograd.grad(again, start, y, retain_graph=True)[0] + dout, torch.zeros_like(dout)
                    )
                )
            return z

    report = check_function(Equilibrium(1e-6), (torch.tensor(X[None]),))
    assert report.verdict == "right", report
    assert "A solver ends at a tolerance, self.tol in line" in " ".join(str(report).split())


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
    assert "A solver ends at a tolerance, 1e-09 in line" in " ".join(str(report).split())


def test_the_defaults_of_a_solver_of_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    from jax.experimental.ode import odeint

    jnp = jax.numpy

    def pendulum(y0: Any, k: Any) -> Any:
        return odeint(lambda y, _: jnp.stack([y[1], -k * jnp.sin(y[0])]), y0, jnp.linspace(0.0, 2.0, 3))

    with jax.enable_x64(True):
        report = check_function(pendulum, (jnp.array([1.0, 0.3]), jnp.array(2.0)))
    assert report.verdict == "right", report
    assert "rtol=1.4e-08 and atol=1.4e-08 in line" in " ".join(str(report).split())


def test_a_solver_of_jax_that_is_not_quite_linear_in_the_cotangent() -> None:
    """It takes other steps for another one."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def solved(step: Any, start: Any) -> Any:
        def goes_on(state: Any) -> Any:
            return jnp.linalg.norm(state[0] - state[1]) > 1e-6

        return jax.lax.while_loop(goes_on, lambda state: (step(state[0]), state[0]), (step(start), start))[0]

    def forward(x: Any, weight: Any) -> Any:
        z = solved(lambda z: jnp.tanh(weight @ z + x), jnp.zeros_like(x))
        return z, (z, weight)

    def pulled(kept: Any, dout: Any) -> Any:
        z, weight = kept
        dx = (1 - z**2) * solved(lambda u: dout + weight.T @ ((1 - z**2) * u), jnp.zeros_like(dout))
        return dx, jnp.outer(dx, z)

    equilibrium = jax.custom_vjp(lambda x, weight: forward(x, weight)[0])
    equilibrium.defvjp(forward, pulled)
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        weight, x = jnp.asarray(0.2 * rng.normal(size=(4, 4))), jnp.asarray(rng.normal(size=4))
        report = check_function(equilibrium, (x, weight))
    assert report.verdict == "right", report
    assert report["dout"].verdict == "note"
    assert "linear in dout but for what its solver leaves" in report["dout"].message


def test_a_compiled_loop_that_a_tighter_tolerance_would_not_let_end() -> None:
    """Nothing can break it off."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def solved(x: Any, weight: Any) -> Any:
        def goes_on(state: Any) -> Any:
            return jnp.linalg.norm(state[0] - state[1]) > 1e-13

        return jax.lax.while_loop(goes_on, lambda z: (jnp.tanh(weight @ z[0] + x), z[0]), (x, jnp.zeros_like(x)))[0]

    def pulled(kept: Any, dout: Any) -> Any:
        z, weight = kept
        slope = 1 - z**2
        dx = slope * jnp.linalg.solve(jnp.eye(len(z)) - weight.T * slope, dout) * 1.01
        return dx, jnp.outer(dx, z)

    equilibrium = jax.custom_vjp(solved)
    equilibrium.defvjp(lambda x, weight: ((z := solved(x, weight)), (z, weight)), pulled)
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        weight, x = jnp.asarray(0.2 * rng.normal(size=(12, 12))), jnp.asarray(rng.normal(size=12))
        assert check_function(equilibrium, (x, weight)).verdict == "wrong"
