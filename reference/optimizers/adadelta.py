"""Adadelta: Adagrad with a fading memory, and with steps in the unit of the parameter.

    v     <- rho v + (1 - rho) grad^2
    step  =  sqrt(u + eps) / sqrt(v + eps) * grad
    u     <- rho u + (1 - rho) step^2
    param <- param - lr * step

grad / sqrt(v) has no unit, but a step should have the unit of the parameter. It is therefore multiplied by the root mean square
of the earlier steps, so that lr = 1 is the natural rate. u starts at zero, so the first steps have the size of sqrt(eps): eps is
a hyper-parameter here, and not only a guard against division by zero.

Shapes: param, grad, v, u (...).
Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

Frameworks have the same definition and other defaults: torch.optim.Adadelta lr 1, rho 0.9, eps 1e-6; keras.optimizers.Adadelta lr
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
