"""LARS: momentum with a rate for each layer, proportional to the norm of its parameters.

    ratio    = trust_coefficient * |param| / (|grad| + weight_decay * |param| + eps)
    velocity <- momentum * velocity + lr * ratio * (grad + weight_decay * param)
    param    <- param - velocity

|param| / |grad| differs by orders of magnitude between layers, and a single rate must be small enough for the worst layer. The
ratio makes the length of a step lr * trust_coefficient * |param| in each layer. Where |param| or |grad| is 0 the ratio is 1. The
velocity includes the rate, as in the paper.

norm_of_sum: the divisor is |grad + weight_decay * param| + eps, which is at most as large.

Shapes: param, grad, velocity (...); the norms are those of the whole tensor.
Source: You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017.

Frameworks: optax.lars norm of the sum, trust_coefficient 0.001, momentum 0.9; PyTorch and Keras have none.
"""

import numpy as np

from ..case import Array, Case
from .arguments import check, check_decays, check_not_negative, norm, path
from .momentum import HALVED

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: velocity (...) at rest."""
    return {"velocity": np.zeros_like(param)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    trust_coefficient: float = 0.001,
    eps: float = 0.0,
    norm_of_sum: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, momentum is outside [0, 1), or another number is negative.
    """
    check("lars", param, grad, lr)
    check_decays("lars", momentum=momentum)
    check_not_negative("lars", weight_decay=weight_decay, trust_coefficient=trust_coefficient, eps=eps)
    update = grad + weight_decay * param if weight_decay else grad
    size, length = norm(param), norm(update if norm_of_sum else grad)
    if size > 0 and length > 0:
        divisor = length + eps if norm_of_sum else length + weight_decay * size + eps
        update = trust_coefficient * size / divisor * update
    velocity = momentum * state["velocity"] + lr * update
    return param - velocity, {"velocity": velocity}


EXACT = {"lr": 0.5, "momentum": 0.875, "trust_coefficient": 0.25}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), {**EXACT, "momentum": 0.0}),  # with momentum the parameter may reach 0, where the rule jumps
    Case("weight_decay", path(3, 4), {**EXACT, "weight_decay": 0.125}),
    Case("eps", path(3, 4), {**EXACT, "eps": 0.5}),
    Case("changing_rate", path(3, 4), {**EXACT, "lr": HALVED}),
    Case("from_zero", lambda rng: (0 * rng.normal(size=(3, 4)), rng.normal(size=(20, 3, 4))), EXACT),
    Case("without_gradient", lambda rng: (rng.normal(size=(3, 4)), 0 * rng.normal(size=(20, 3, 4))), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.1, "momentum": 0.9, "trust_coefficient": 0.001}),
]
