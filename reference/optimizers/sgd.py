"""Gradient descent; stochastic when the gradient comes from a mini-batch.

    param <- param - lr * (grad + weight_decay * param)

The step of steepest descent in the Euclidean norm: L(param + d) is to first order L + <grad, d>, least for d along
-grad. The second term is the gradient of weight_decay |param|^2 / 2, added to the loss (L2 regularization).

Weight decay. The same step is (1 - lr weight_decay) param - lr grad: the parameter decays, then moves. For this rule coupled and
decoupled decay are the same. For every rule that averages or rescales its gradient they are not (see momentum, adamw).

Shapes: param, grad (...); state is empty. lr is the learning rate.
Source: Robbins and Monro, "A stochastic approximation method", 1951.

Frameworks: torch.optim.SGD (lr 1e-3), keras.optimizers.SGD (0.01), optax.sgd; all three without decay by default. Keras
stores the rate in float32: 0.1 is 0.100000001490116, also for float64 parameters.
"""

from ..case import Array, Case, invalid
from ..schedules import Schedule
from .arguments import check, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: none."""
    return {}


def step(param: Array, grad: Array, state: State, *, lr: float, weight_decay: float = 0.0) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, or lr or weight_decay is negative.
    """
    check("sgd", param, grad, lr)
    if not weight_decay >= 0:
        raise invalid("sgd", "weight_decay", weight_decay, "weight_decay >= 0")
    if weight_decay:
        grad = grad + weight_decay * param
    return param - lr * grad, state


CASES = [
    Case("generic", path(3, 4), {"lr": 0.5}),
    Case("one", path(1), {"lr": 0.5}),
    Case("large", path(64, 257), {"lr": 0.0625}),
    Case("rate_not_exact_in_binary", path(3, 4), {"lr": 0.1}),
    Case("zero_rate", path(3, 4), {"lr": 0.0}),
    Case("weight_decay", path(3, 4), {"lr": 0.5, "weight_decay": 0.125}),
    Case("rate_in_steps", path(3, 4), {"lr": Schedule("step", {"lr": 0.5, "every": 5, "factor": 0.5})}),
]
