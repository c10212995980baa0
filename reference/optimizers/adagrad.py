"""Adagrad: each coordinate is divided by the root of all its squared gradients so far.

    total <- total + grad^2
    param <- param - lr * grad / (sqrt(total) + eps)

The rule comes from the regret bound of online gradient descent with one rate for each coordinate: the best rate in hindsight is
proportional to 1 / sqrt(sum grad^2). Coordinates that are rarely active keep a large rate. Every rate decays like 1 / sqrt(t),
and none increases again.

initial_accumulator is the first value of total. With 0 the first step is lr * sign(grad) for a gradient of any size. With 0.1 a
small first gradient makes a small step. eps_inside_root: grad / sqrt(total + eps), which bounds the divisor by sqrt(eps)
instead of eps.

Shapes: param, grad, total (...). total of the state counts from zero; initial_accumulator is added where it is used.
Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.

Frameworks: torch.optim.Adagrad lr 0.01, accumulator from 0, eps 1e-10 outside the root; keras.optimizers.Adagrad lr
0.001, from 0.1, eps 1e-7 inside; optax.adagrad from 0.1, eps 1e-7 inside, and no step at all where the total is still 0.
"""

import numpy as np

from ..case import Array, Case
from .arguments import check, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: no squares yet."""
    return {"total": np.zeros_like(param)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    eps: float = 1e-10,
    initial_accumulator: float = 0.0,
    eps_inside_root: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, or lr, eps or initial_accumulator is negative.
    """
    check("adagrad", param, grad, lr)
    check_not_negative("adagrad", eps=eps, initial_accumulator=initial_accumulator)
    total = state["total"] + grad * grad
    square = initial_accumulator + total
    divisor = np.sqrt(square + eps) if eps_inside_root else np.sqrt(square) + eps
    return param - lr * grad / divisor, {"total": total}


EXACT = {"lr": 0.25, "eps": 2.0**-10, "initial_accumulator": 0.0}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("initial_accumulator", path(3, 4), {**EXACT, "initial_accumulator": 0.125}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.01, "eps": 1e-7, "initial_accumulator": 0.1}),
]
