"""LAMB: the direction of Adam, with a length that is a fraction of the parameter's norm.

    r     = m^ / (sqrt(v^) + eps) + weight_decay * param
    param <- param - lr * |param| / |r| * r

Each tensor makes a step of relative size lr, for gradients of any size. Large batches need large rates, and without the ratio the
layer with the largest relative step limits the rate of all. Where |param| or |r| is 0 the ratio is 1.

decoupled: param <- param - lr * weight_decay * param first, and r is the direction of Adam alone. The ratio does not scale the
decay then.

Shapes: param, grad, m, v (...); the norms are those of the whole tensor. Source: You et al., "Large batch optimization
for deep learning: training BERT in 76 minutes", 2020 (its phi is the identity here).

Frameworks: optax.lamb eps 1e-6, decay in the ratio; keras.optimizers.Lamb lr 1e-3, eps 1e-7 after the correction (unlike
its Adam), decay decoupled; PyTorch has none.
"""

from ..case import Array, Case
from . import adam
from .adam import EXACT
from .arguments import check, check_decays, check_not_negative, norm, path

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
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    decoupled: bool = False,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr, eps or weight_decay is negative, or a beta is outside [0, 1).
    """
    check("lamb", param, grad, lr)
    check_decays("lamb", beta1=beta1, beta2=beta2)
    check_not_negative("lamb", eps=eps, weight_decay=weight_decay)
    update, state = adam.direction(grad, state, beta1=beta1, beta2=beta2, eps=eps, eps_hat=False)
    if weight_decay and decoupled:
        param = param - lr * weight_decay * param
    elif weight_decay:
        update = update + weight_decay * param
    size, length = norm(param), norm(update)
    if size > 0 and length > 0:
        update = size / length * update
    return param - lr * update, state


CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("one", path(1), EXACT),
    Case("weight_decay", path(3, 4), {**EXACT, "weight_decay": 0.125}),
    Case("from_zero", lambda rng: (0 * rng.normal(size=(3, 4)), rng.normal(size=(20, 3, 4))), EXACT),
    Case("without_gradient", lambda rng: (rng.normal(size=(3, 4)), 0 * rng.normal(size=(20, 3, 4))), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-6}),
]
