"""Gradient descent with momentum: the heavy ball.

    velocity <- momentum * velocity + (1 - dampening) * grad
    param    <- param - lr * velocity

Written as a sum, velocity = sum_k momentum^k grad_{t-k}. The common part of successive gradients grows to 1 / (1 - momentum)
times a constant gradient, and opposite parts cancel. As a ball: param_{t+1} - param_t = momentum (param_t - param_{t-1}) - lr
grad_t, an inertia and a force. dampening scales every gradient after the first, as in PyTorch. With dampening = momentum the
velocity is an average that starts at the first gradient.

rate_in_velocity: velocity <- momentum * velocity + lr * grad, param <- param - velocity. With a constant rate it is the same path
(that velocity is lr times this one). After a change, the old rate acts for about 1 / (1 - momentum) steps.

weight_decay, coupled: grad + weight_decay * param takes the place of grad. It is the gradient with an L2 term in the loss.
weight_decay, decoupled: param <- param - lr * weight_decay * param in addition to the update. The velocity does not contain it.
The coupled decay depends on the parameter of the last steps, the decoupled decay on the parameter alone.

Shapes: param, grad, velocity (...).
Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On the importance
of initialization and momentum in deep learning", 2013 (there the rate is inside).

Frameworks: torch.optim.SGD(momentum=), rate outside the velocity, coupled decay, the only one with dampening;
keras.optimizers.SGD(momentum=), rate in velocity, decoupled decay; optax.sgd(momentum=) as PyTorch, decay by
add_decayed_weights before it (coupled) or after its trace (decoupled). No momentum by default in all three.
"""

import numpy as np

from ..case import Array, Case
from ..schedules import Schedule
from .arguments import check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: velocity (...) at rest, step 0."""
    return {"velocity": np.zeros_like(param), "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    momentum: float = 0.9,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    decoupled: bool = False,
    rate_in_velocity: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or weight_decay is negative, or momentum or dampening is outside
    [0, 1).
    """
    check("momentum", param, grad, lr)
    check_decays("momentum", momentum=momentum, dampening=dampening)
    check_not_negative("momentum", weight_decay=weight_decay)
    t = int(state["step"]) + 1
    if weight_decay and not decoupled:
        grad = grad + weight_decay * param
    push = grad if t == 1 or not dampening else (1 - dampening) * grad
    velocity = momentum * state["velocity"] + (lr * push if rate_in_velocity else push)
    if weight_decay and decoupled:
        param = param - lr * weight_decay * param
    param = param - (velocity if rate_in_velocity else lr * velocity)
    return param, {"velocity": velocity, "step": np.array(t)}


HALVED = Schedule("step", {"lr": 0.5, "every": 5, "factor": 0.5})

CASES = [
    Case("generic", path(3, 4), {"lr": 0.25, "momentum": 0.875}),
    Case("one", path(1), {"lr": 0.25, "momentum": 0.875}),
    Case("large", path(16, 33), {"lr": 0.25, "momentum": 0.875}),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.1, "momentum": 0.9}),
    Case("dampening", path(3, 4), {"lr": 0.25, "momentum": 0.875, "dampening": 0.25}),
    Case("changing_rate", path(3, 4), {"lr": HALVED, "momentum": 0.875}),
    Case("coupled_decay", path(3, 4), {"lr": 0.25, "momentum": 0.875, "weight_decay": 0.125}),
    Case("decoupled_decay", path(3, 4), {"lr": 0.25, "momentum": 0.875, "weight_decay": 0.125, "decoupled": True}),
]
