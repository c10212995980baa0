"""Adadelta: Adagrad with a memory that fades, and steps measured in the parameter's own unit.

    v     <- rho v + (1 - rho) grad^2
    step  =  sqrt(u + eps) / sqrt(v + eps) * grad
    u     <- rho u + (1 - rho) step^2
    param <- param - lr * step

grad / sqrt(v) has no unit, while a step should have the parameter's: so it is multiplied by the root mean square of the steps
before it. That makes lr = 1 natural. Steps start at the size of sqrt(eps), for u starts at zero: eps is a hyper-parameter here,
and no mere guard.

Shapes: param, grad, v, u (...).
Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

Frameworks: one definition; other defaults: torch.optim.Adadelta lr 1, rho 0.9, eps 1e-6; keras.optimizers.Adadelta lr
0.001, rho 0.95, eps 1e-7, a thousandth of the paper's steps; optax.adadelta rho 0.9, eps 1e-6.
"""

import numpy as np

from ..case import Array, Case
from .arguments import average, check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: averages (...) of squared gradients and squared steps, zero."""
    return {"v": np.zeros_like(param), "u": np.zeros_like(param)}


def step(param: Array, grad: Array, state: State, *, lr: float, rho: float = 0.9, eps: float = 1e-6) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or eps is negative, or rho is outside [0, 1).
    """
    check("adadelta", param, grad, lr)
    check_decays("adadelta", rho=rho)
    check_not_negative("adadelta", eps=eps)
    v = average(state["v"], grad * grad, rho)
    move = np.sqrt(state["u"] + eps) / np.sqrt(v + eps) * grad
    return param - lr * move, {"v": v, "u": average(state["u"], move * move, rho)}


EXACT = {"lr": 1.0, "rho": 0.875, "eps": 2.0**-10}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.3, "rho": 0.9, "eps": 1e-6}),
]
