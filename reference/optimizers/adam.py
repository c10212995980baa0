"""Adam: momentum, each coordinate divided by the root of its own mean square gradient.

    m <- beta1 m + (1 - beta1) grad          m^ = m / (1 - beta1^t)
    v <- beta2 v + (1 - beta2) grad^2        v^ = v / (1 - beta2^t)
    param <- param - lr * m^ / (sqrt(v^) + eps)

The averages start at zero. Their weights sum to 1 - beta^t instead of one, so a constant gradient g would give m =
(1 - beta1^t) g; divided by that sum the averages are unbiased from the first step on, which is lr * sign(grad) whatever
the size of the gradient. The quotient does not change when the loss is multiplied by a constant, and eps keeps it finite.

eps_hat: the paper's own shortcut ("epsilon hat", end of section 2),

    param <- param - lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps)

the same with eps / sqrt(1 - beta2^t) for eps: 32 times as large in the first step for beta2 = 0.999. It matters if
gradients are not large in comparison with eps.

weight_decay is coupled here: the gradient of the L2 term, weight_decay * param, is added to grad, then averaged and rescaled with
it. A coordinate with large gradients hardly decays. adamw has the decoupled form.

Shapes: param, grad, m, v (...).
Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.

Frameworks, by default lr 1e-3, beta1 0.9, beta2 0.999: torch.optim.Adam eps 1e-8, `weight_decay` coupled;
keras.optimizers.Adam eps 1e-7 and epsilon hat, `weight_decay` decoupled, betas in float32 where they are raised to the
step; optax.adam eps 1e-8, no decay.
"""

import numpy as np

from ..case import Array, Case
from ..schedules import Schedule
from .arguments import average, bias_correction, check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: both averages (...) zero, step 0."""
    return {"m": np.zeros_like(param), "v": np.zeros_like(param), "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    eps_hat: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr, eps or weight_decay is negative, or a beta is outside [0, 1).
    """
    check("adam", param, grad, lr)
    check_decays("adam", beta1=beta1, beta2=beta2)
    check_not_negative("adam", eps=eps, weight_decay=weight_decay)
    if weight_decay:
        grad = grad + weight_decay * param
    update, state = direction(grad, state, beta1=beta1, beta2=beta2, eps=eps, eps_hat=eps_hat)
    return param - lr * update, state


def direction(grad: Array, state: State, *, beta1: float, beta2: float, eps: float, eps_hat: bool) -> tuple[Array, State]:
    """m^ / (sqrt(v^) + eps), which adamw and lamb use, too. grad (...) -> direction (...), state."""
    t = int(state["step"]) + 1
    m = average(state["m"], grad, beta1)
    v = average(state["v"], grad * grad, beta2)
    root = np.sqrt(bias_correction(beta2, t, grad))
    denominator = (np.sqrt(v) + eps) / root if eps_hat else np.sqrt(v) / root + eps
    return m / bias_correction(beta1, t, grad) / denominator, {"m": m, "v": v, "step": np.array(t)}


EXACT = {"lr": 0.125, "beta1": 0.875, "beta2": 0.9375, "eps": 2.0**-20}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("large", path(16, 33), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    Case("small_gradients", lambda rng: (rng.normal(size=(3, 4)), 2.0**-20 * rng.normal(size=(20, 3, 4))), EXACT),
    Case("coupled_decay", path(3, 4), {**EXACT, "weight_decay": 0.125}),
    Case("changing_rate", path(3, 4), {**EXACT, "lr": Schedule("step", {"lr": 0.5, "every": 5, "factor": 0.5})}),
]
