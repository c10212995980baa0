"""RAdam: Adam that uses its denominator only when its variance is finite.

    rho_inf = 2 / (1 - beta2) - 1,  rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t)
    rho_t > threshold:  param <- param - lr * r_t * m^ / (sqrt(v^) + eps),
                        r_t^2 = (rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t)
    else:               param <- param - lr * m^

v after t steps is like a simple average over rho_t squares. For normal gradients 1 / sqrt(v^) then follows a scaled inverse chi
distribution with rho_t degrees of freedom, whose variance is infinite up to 4; r_t scales the step to the variance for large t.
This is a warm-up without a parameter to tune. Before rho_t exceeds the threshold the rule is plain momentum.

eps_hat: the divisor is (sqrt(v) + eps) / sqrt(1 - beta2^t), as in adam.

Shapes: param, grad, m, v (...).
Source: Liu et al., "On the variance of the adaptive learning rate and beyond", 2020 (threshold 4).

Frameworks: torch.optim.RAdam eps 1e-8, epsilon hat, rho_t > 5; optax.radam eps 1e-8 after the correction, rho_t >=
threshold, 5 by default; Keras has none.
"""

import numpy as np

from ..case import Array, Case, invalid
from . import adam
from .adam import EXACT
from .arguments import bias_correction, check, check_decays, check_not_negative, number, path

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
    threshold: float = 5.0,
    eps_hat: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or eps is negative, a beta is outside [0, 1), or threshold is below 4.
    """
    check("radam", param, grad, lr)
    check_decays("radam", beta1=beta1, beta2=beta2)
    check_not_negative("radam", eps=eps)
    if not threshold >= 4:
        raise invalid("radam", "threshold", threshold, "threshold >= 4, below which there is no variance")
    update, state = adam.direction(grad, state, beta1=beta1, beta2=beta2, eps=eps, eps_hat=eps_hat)
    t = int(state["step"])
    decay = np.longdouble(beta2)
    most = 2 / (1 - decay) - 1
    length = most - 2 * t * decay**t / (1 - decay**t)
    if length > threshold:
        square = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
        return param - lr * number(np.sqrt(square), grad) * update, state
    return param - lr * (state["m"] / bias_correction(beta1, t, grad)), state


CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    Case("never_trusted", path(3, 4), {**EXACT, "beta2": 0.5}),
]
