"""RMSprop: the gradient divided by the root of its running mean square.

    v      <- rho v + (1 - rho) grad^2
    update =  grad / (sqrt(v) + eps)
    param  <- param - lr * update

This is Adagrad with a fading memory, or Adam without momentum and bias correction: the first steps are 1 / sqrt(1 - rho) times
too large. centered: v - m^2 in the place of v, with m the running mean of grad, which is the variance instead of the mean square.
momentum: velocity <- momentum * velocity + update, param <- param - lr * velocity.

eps_inside_root: sqrt(v + eps) in the place of sqrt(v) + eps. The same eps has another effect then: a coordinate without gradient
is divided by sqrt(eps) instead of eps. rate_in_velocity: the velocity is the sum of lr * update, so that an old rate acts for
some steps after a change (see momentum).

Shapes: param, grad, v, m, velocity (...). Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012; centered: Graves,
"Generating sequences with recurrent neural networks", 2013.

Frameworks: torch.optim.RMSprop lr 0.01, rho ("alpha") 0.99, eps 1e-8 outside the root, rate outside the velocity;
keras.optimizers.RMSprop lr 0.001, rho 0.9, eps 1e-7 inside, rate inside; optax.rmsprop rho ("decay") 0.9, eps 1e-8 inside
unless eps_in_sqrt=False, rate inside.
"""

import numpy as np

from ..case import Array, Case
from .arguments import average, check, check_decays, check_not_negative, path
from .momentum import HALVED

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: averages and velocity (...), zero."""
    return {name: np.zeros_like(param) for name in ("v", "m", "velocity")}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    rho: float = 0.99,
    eps: float = 1e-8,
    momentum: float = 0.0,
    centered: bool = False,
    eps_inside_root: bool = False,
    rate_in_velocity: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or eps is negative, or rho or momentum is outside [0, 1).
    """
    check("rmsprop", param, grad, lr)
    check_decays("rmsprop", rho=rho, momentum=momentum)
    check_not_negative("rmsprop", eps=eps)
    v = average(state["v"], grad * grad, rho)
    m = average(state["m"], grad, rho) if centered else state["m"]
    square = v - m * m if centered else v
    update = grad / (np.sqrt(square + eps) if eps_inside_root else np.sqrt(square) + eps)
    velocity = momentum * state["velocity"] + (lr * update if rate_in_velocity else update)
    return param - (velocity if rate_in_velocity else lr * velocity), {"v": v, "m": m, "velocity": velocity}


EXACT = {"lr": 0.0625, "rho": 0.875, "eps": 2.0**-10}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("centered", path(3, 4), {**EXACT, "centered": True}),
    Case("momentum", path(3, 4), {**EXACT, "momentum": 0.75}),
    Case("changing_rate", path(3, 4), {**EXACT, "lr": HALVED, "momentum": 0.75}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.01, "rho": 0.99, "eps": 1e-8}),
]
