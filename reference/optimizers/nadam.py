"""NAdam: Adam with Nesterov's look-ahead.

    mu_t = beta1 (1 - 0.96^(t * momentum_decay) / 2),  M_t = mu_1 ... mu_t
    m, v as in adam
    param <- param - lr * (mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) grad / (1 - M_t)) / (sqrt(v^) + eps)

Nesterov's step applies the momentum that the *next* step would have: in Adam's m = beta1 m' + (1 - beta1) grad, the old
m' is replaced by the new m. mu_t increases the momentum from beta1 / 2 to beta1, and M_t replaces the beta1^t of a constant
momentum.

momentum_decay=None: mu_t = beta1 for all t.

Shapes: param, grad, m, v (...); M ().
Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016.

Frameworks: torch.optim.NAdam lr 0.002, momentum_decay 0.004, eps 1e-8, M kept in float32; keras.optimizers.Nadam lr
0.001, momentum_decay fixed to 1, eps 1e-7 (after bias correction, unlike its Adam); optax.nadam constant mu,
eps 1e-8.
"""

import numpy as np

from ..case import Array, Case
from .adam import EXACT
from .arguments import average, bias_correction, check, check_decays, check_not_negative, number, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: averages (...) zero, M 1, step 0."""
    zeros = np.zeros_like(param)
    return {"m": zeros, "v": zeros, "M": np.ones_like(param, shape=()), "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    momentum_decay: float | None = 0.004,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr, eps or momentum_decay is negative, or a beta is outside [0, 1).
    """
    check("nadam", param, grad, lr)
    check_decays("nadam", beta1=beta1, beta2=beta2)
    check_not_negative("nadam", eps=eps, momentum_decay=momentum_decay or 0.0)
    t = int(state["step"]) + 1
    mu, ahead = (number(_mu(step, beta1, momentum_decay), grad) for step in (t, t + 1))
    m = average(state["m"], grad, beta1)
    v = average(state["v"], grad * grad, beta2)
    product = state["M"] * mu
    look = ahead / (1 - product * ahead) * m + (1 - mu) / (1 - product) * grad
    update = look / (np.sqrt(v / bias_correction(beta2, t, grad)) + eps)
    return param - lr * update, {"m": m, "v": v, "M": product, "step": np.array(t)}


def _mu(step: int, beta1: float, momentum_decay: float | None) -> np.floating:
    """The momentum of a step."""
    if momentum_decay is None:
        return np.longdouble(beta1)
    return beta1 * (1 - np.longdouble(0.96) ** (step * momentum_decay) / 2)


CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
]
