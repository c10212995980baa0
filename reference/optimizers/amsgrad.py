"""AMSGrad: Adam whose divisor never shrinks.

    m, v as in adam;  largest <- max(largest, v)
    param <- param - lr * m^ / (sqrt(largest / (1 - beta2^t)) + eps)

Adam may forget a rare large gradient, and then follow common small ones in the wrong direction. The paper constructs a convex
problem on which Adam converges to the worst point. With the largest v so far, rates do not increase again.

corrected_maximum: largest <- max(largest, v^), the maximum of the corrected averages and uncorrected afterwards. In the
first steps v^ is large and v small, so that the two rules differ: this one never forgets the first gradients.
eps_hat: as in adam.

Shapes: param, grad, m, v, largest (...).
Source: Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018 (there without any bias correction).

Frameworks: torch.optim.Adam(amsgrad=True), eps 1e-8, and keras.optimizers.Adam(amsgrad=True), eps 1e-7 and epsilon hat,
take the maximum of v; optax.amsgrad that of v^.
"""

import numpy as np

from ..case import Array, Case
from .adam import EXACT
from .arguments import average, bias_correction, check, check_decays, check_not_negative, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: averages and maximum (...) zero, step 0."""
    return {**{name: np.zeros_like(param) for name in ("m", "v", "largest")}, "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    eps_hat: bool = False,
    corrected_maximum: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr or eps is negative, or a beta is outside [0, 1).
    """
    check("amsgrad", param, grad, lr)
    check_decays("amsgrad", beta1=beta1, beta2=beta2)
    check_not_negative("amsgrad", eps=eps)
    t = int(state["step"]) + 1
    m = average(state["m"], grad, beta1)
    v = average(state["v"], grad * grad, beta2)
    correction = bias_correction(beta2, t, grad)
    largest = np.maximum(state["largest"], v / correction if corrected_maximum else v)
    root = np.ones_like(correction) if corrected_maximum else np.sqrt(correction)
    divisor = (np.sqrt(largest) + eps) / root if eps_hat else np.sqrt(largest) / root + eps
    update = m / bias_correction(beta1, t, grad) / divisor
    return param - lr * update, {"m": m, "v": v, "largest": largest, "step": np.array(t)}


CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("shrinking_gradients", lambda rng: (rng.normal(size=(3, 4)), _shrinking(rng)), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
]


def _shrinking(rng: np.random.Generator) -> Array:
    """Gradients that halve from step to step, so that the maximum stays that of the first step."""
    return 0.5 ** np.arange(20.0).reshape(20, 1, 1) * rng.normal(size=(20, 3, 4))
