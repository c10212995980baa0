"""Lion: the sign of a momentum.

    param <- param - lr * (sign(beta1 m + (1 - beta1) grad) + weight_decay * param)
    m     <- beta2 m + (1 - beta2) grad

The rule was found by a search over programs. Every coordinate moves by exactly lr, whatever the size of the gradient, and m is
the whole state. There are two betas: the newest gradient has a larger weight in the step than in the memory (beta1 < beta2), as
in Nesterov's rule. The decay is decoupled. All steps have one size, so the decay bounds the parameters: by 1 / weight_decay.

Where beta1 m + (1 - beta1) grad is 0 the sign is 0: no step.

Shapes: param, grad, m (...).
Source: Chen et al., "Symbolic discovery of optimization algorithms", 2023.

Frameworks: keras.optimizers.Lion lr 1e-3, betas 0.9, 0.99, no decay; optax.lion betas 0.9, 0.99, decay 1e-3; PyTorch has none.
"""

import numpy as np

from ..case import Array, Case
from .arguments import average, check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: average (...) zero."""
    return {"m": np.zeros_like(param)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or weight_decay is negative, or a beta is outside [0, 1).
    """
    check("lion", param, grad, lr)
    check_decays("lion", beta1=beta1, beta2=beta2)
    check_not_negative("lion", weight_decay=weight_decay)
    update = np.sign(average(state["m"], grad, beta1))
    return param - lr * weight_decay * param - lr * update, {"m": average(state["m"], grad, beta2)}


EXACT = {"lr": 0.125, "beta1": 0.875, "beta2": 0.96875, "weight_decay": 0.0}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("weight_decay", path(3, 4), {**EXACT, "weight_decay": 0.125}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.01}),
]
