"""Adamax: Adam with the maximum norm in place of the mean square.

    m <- beta1 m + (1 - beta1) grad
    u <- max(beta2 u, |grad| + eps)
    param <- param - lr / (1 - beta1^t) * m / u

Adam's v with p-th powers, v = sum (1 - beta2^p) beta2^(p k) |grad_{t-k}|^p, has v^(1/p) -> max_k beta2^k |grad_{t-k}| as
p grows: the largest gradient, fading. It needs no bias correction, because a maximum does not start too small.

eps_after_maximum: u <- max(beta2 u, |grad|), and the divisor is u + eps. Inside the maximum eps matters only if the newest
gradient is the largest; after it, always.

Shapes: param, grad, m, u (...).
Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 7.1 (without eps).

Frameworks: torch.optim.Adamax lr 0.002, eps 1e-8 in the maximum; optax.adamax the same, no default rate;
keras.optimizers.Adamax lr 0.001, eps 1e-7 after it.
"""

import numpy as np

from ..case import Array, Case
from .adam import EXACT
from .arguments import average, bias_correction, check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: average and maximum (...) zero, step 0."""
    return {"m": np.zeros_like(param), "u": np.zeros_like(param), "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    eps_after_maximum: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or eps is negative, or a beta is outside [0, 1).
    """
    check("adamax", param, grad, lr)
    check_decays("adamax", beta1=beta1, beta2=beta2)
    check_not_negative("adamax", eps=eps)
    t = int(state["step"]) + 1
    m = average(state["m"], grad, beta1)
    u = np.maximum(beta2 * state["u"], np.abs(grad) if eps_after_maximum else np.abs(grad) + eps)
    update = m / bias_correction(beta1, t, grad) / (u + eps if eps_after_maximum else u)
    return param - lr * update, {"m": m, "u": u, "step": np.array(t)}


CASES = [
    Case("generic", path(3, 4), {**EXACT, "eps": 2.0**-10}),
    Case("one", path(1), {**EXACT, "eps": 2.0**-10}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
]
