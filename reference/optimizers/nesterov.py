"""Nesterov's accelerated gradient, in the form that takes the gradient at the stored parameters.

    velocity <- momentum * velocity + grad
    param    <- param - lr * (grad + momentum * velocity)

Nesterov takes the gradient at the point to which the velocity will move the parameter: with ahead = param - lr * momentum *
velocity, v' = momentum * v + grad(ahead), param' = param - lr * v'. A training loop computes gradients at the stored parameters,
so this rule stores the point ahead instead of param. It moves by ahead' - ahead = -lr v' - lr momentum v' + lr momentum v, and
momentum v = v' - grad:

    ahead' = ahead - lr * (grad + momentum * v')

This is the rule above. Where momentum alone would overshoot, the gradient at the point ahead already points back.

rate_in_velocity: velocity <- momentum * velocity + lr * grad, param <- param - lr * grad - momentum * velocity; the same
path only with a constant rate, as for momentum.

Shapes: param, grad, velocity (...). Source: Nesterov, "A method of solving a convex programming problem with convergence
rate O(1/k^2)", 1983; Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, for the
form.

Frameworks: torch.optim.SGD(nesterov=True) and optax.sgd(nesterov=True), rate outside the velocity;
keras.optimizers.SGD(nesterov=True), rate in the velocity.
"""

import numpy as np

from ..case import Array, Case
from .arguments import check, check_decays, path
from .momentum import HALVED

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: velocity (...) at rest."""
    return {"velocity": np.zeros_like(param)}


def step(
    param: Array, grad: Array, state: State, *, lr: float, momentum: float = 0.9, rate_in_velocity: bool = False
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr is negative, or momentum is outside [0, 1).
    """
    check("nesterov", param, grad, lr)
    check_decays("nesterov", momentum=momentum)
    push = lr * grad if rate_in_velocity else grad
    velocity = momentum * state["velocity"] + push
    update = push + momentum * velocity
    return param - (update if rate_in_velocity else lr * update), {"velocity": velocity}


CASES = [
    Case("generic", path(3, 4), {"lr": 0.25, "momentum": 0.875}),
    Case("one", path(1), {"lr": 0.25, "momentum": 0.875}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.1, "momentum": 0.9}),
    Case("changing_rate", path(3, 4), {"lr": HALVED, "momentum": 0.875}),
]
