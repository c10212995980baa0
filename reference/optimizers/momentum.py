"""Gradient descent with momentum: the heavy ball.

    velocity <- momentum * velocity + (1 - dampening) * grad
    param    <- param - lr * velocity

Written out, velocity = sum_k momentum^k grad_{t-k}: what successive gradients agree on adds up, to 1 / (1 - momentum) times
a constant gradient, and what they disagree on cancels. The ball: param_{t+1} - param_t = momentum (param_t - param_{t-1}) -
lr grad_t, an inertia and a force. dampening scales what comes in after the first gradient, which is taken whole, as PyTorch
does it: with dampening = momentum the velocity is an average that starts at the first gradient.

rate_in_velocity: velocity <- momentum * velocity + lr * grad, param <- param - velocity. At a constant rate it is the same
path (that velocity is lr times this one); when the rate changes, the old rate stays inside for about 1 / (1 - momentum) steps.

weight_decay: coupled, grad + weight_decay * param is what enters the velocity, the gradient of an L2 term of the loss;
decoupled, param shrinks by lr * weight_decay beside the update, and the velocity knows nothing of it. The coupled one keeps
decaying by where the parameter was some steps ago.

Shapes: param, grad, velocity (...).
Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On the importance
of initialization and momentum in deep learning", 2013 (there the rate is inside).

Frameworks: torch.optim.SGD(momentum=), velocity holds gradients, coupled decay, the only one with dampening;
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
