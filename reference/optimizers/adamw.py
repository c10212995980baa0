"""AdamW: Adam with decoupled weight decay.

    param <- param - lr * weight_decay * param - lr * m^ / (sqrt(v^) + eps)

m and v are those of adam, from the gradient of the loss alone. The gradient of an L2 term in the loss is divided by sqrt(v^) like
the rest, so that parameters with large gradients decay least. Outside of the averages, every parameter decays at the same rate.

The decay is multiplied by lr here, as in all three frameworks; in the paper it has a schedule of its own. The
paper's weight decay is lr * weight_decay of this one.

Shapes: param, grad, m, v (...).
Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

Frameworks: torch.optim.AdamW weight_decay 0.01, eps 1e-8; keras.optimizers.AdamW 0.004, eps 1e-7 and epsilon hat;
optax.adamw 1e-4, eps 1e-8.
"""

from ..case import Array, Case
from ..schedules import Schedule
from . import adam
from .adam import EXACT
from .arguments import check, check_decays, check_not_negative, path

State = dict[str, Array]
init = adam.init


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    eps_hat: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr, eps or weight_decay is negative, or a beta is outside [0, 1).
    """
    check("adamw", param, grad, lr)
    check_decays("adamw", beta1=beta1, beta2=beta2)
    check_not_negative("adamw", eps=eps, weight_decay=weight_decay)
    update, state = adam.direction(grad, state, beta1=beta1, beta2=beta2, eps=eps, eps_hat=eps_hat)
    return param - lr * weight_decay * param - lr * update, state


CASES = [
    Case("generic", path(3, 4), {**EXACT, "weight_decay": 0.125}),
    Case("one", path(1), {**EXACT, "weight_decay": 0.125}),
    Case("no_decay", path(3, 4), {**EXACT, "weight_decay": 0.0}),
    Case(
        "changing_rate",
        path(3, 4),
        {**EXACT, "weight_decay": 0.125, "lr": Schedule("linear_warmup", {"lr": 0.5, "steps": 8, "start": 0.0625})},
    ),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01}),
]
