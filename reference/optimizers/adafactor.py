"""Adafactor: Adam without momentum, whose second moments are stored as the margins of a table.

    beta2_t = 1 - t^decay                                   (decay < 0: 0 at first, so no bias correction is needed)
    R <- average over columns, C <- average over rows, of grad^2 + eps1, each an exponential average with beta2_t
    V = R C / mean(R)
    U = grad / sqrt(V);  U <- U / max(1, rms(U) / clip_threshold)
    param <- param - max(eps2, rms(param)) * rho_t * U,     rho_t = min(lr, 1 / sqrt(t))

R C / mean(R) is the table of rank one that is nearest to the full table in the generalized Kullback-Leibler divergence. It has
the same margins, and n + m numbers replace n m. Tensors with more axes are factored along the last two, vectors are not factored.
The clipping by rms bounds the large steps that a slow beta2 allows. The factor max(eps2, rms(param)) makes lr relative to the
size of the parameter.

relative_step=False: rho_t = lr.

Shapes: param, grad (..., n, m); rows (..., n), columns (..., m); of a vector the whole average.
Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018.

Frameworks: torch.optim.Adafactor lr 0.01, eps1 the dtype's epsilon, and V clamped from below at eps1^2 instead of grad^2
raised by eps1; keras.optimizers.Adafactor lr 0.001, eps1 1e-30, its relative_step=False still takes the minimum;
optax.adafactor rho_t = lr, eps1 1e-30, factors the two largest axes and only from 128 entries on, beta2_t in float32. At
a tiny eps1 all three agree.
"""

import numpy as np

from ..case import Array, Case, invalid
from .arguments import check, check_not_negative, number, path

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: rows and columns, or for a vector the squares themselves, zero; step 0."""
    zeros = np.zeros_like(param)
    margins = {"rows": zeros[..., 0], "columns": zeros[..., 0, :]} if param.ndim > 1 else {"squares": zeros}
    return {**margins, "step": np.array(0)}


def step(
    param: Array,
    grad: Array,
    state: State,
    *,
    lr: float,
    decay: float = -0.8,
    eps1: float = 1e-30,
    eps2: float = 1e-3,
    clip_threshold: float = 1.0,
    relative_step: bool = True,
) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ, lr, eps1 or eps2 is negative, decay or clip_threshold has the wrong sign.
    """
    check("adafactor", param, grad, lr)
    check_not_negative("adafactor", eps1=eps1, eps2=eps2)
    if not decay <= 0:
        raise invalid("adafactor", "decay", decay, "decay <= 0")
    if not clip_threshold > 0:
        raise invalid("adafactor", "clip_threshold", clip_threshold, "clip_threshold > 0")
    t = int(state["step"]) + 1
    weight = number(np.longdouble(t) ** decay, grad)  # the weight of the new term
    square = grad * grad + eps1
    if param.ndim > 1:
        rows = (1 - weight) * state["rows"] + weight * square.mean(axis=-1)
        columns = (1 - weight) * state["columns"] + weight * square.mean(axis=-2)
        share = rows / rows.mean(axis=-1, keepdims=True)
        moment, after = share[..., None] * columns[..., None, :], {"rows": rows, "columns": columns}
    else:
        moment = (1 - weight) * state["squares"] + weight * square
        after = {"squares": moment}
    update = grad / np.sqrt(moment)
    update = update / np.maximum(1, rms(update) / clip_threshold)
    rate = min(np.longdouble(lr), 1 / np.sqrt(np.longdouble(t))) if relative_step else np.longdouble(lr)
    size = np.maximum(rms(param), number(np.longdouble(eps2), param))
    return param - number(rate, param) * size * update, {**after, "step": np.array(t)}


def rms(x: Array) -> Array:
    """The root mean square of all elements, ()."""
    root: Array = np.sqrt((x * x).mean())
    return root


EXACT = {"lr": 0.375, "eps1": 2.0**-99, "eps2": 2.0**-10}

CASES = [
    Case("generic", path(3, 4), EXACT),
    Case("vector", path(5), EXACT),
    Case("stack_of_tables", path(2, 3, 4), EXACT),
    Case("slow_memory", path(3, 4), {**EXACT, "decay": -0.5}),
    Case("clipped_late", path(3, 4), {**EXACT, "clip_threshold": 2.0}),
    Case("clipped_beyond_1", path(3, 4), {**EXACT, "clip_threshold": 1.0625}),
    Case("wide_eps1", path(3, 4), {**EXACT, "eps1": 0.25}),
    Case("small_parameter", lambda rng: (2.0**-12 * rng.normal(size=(3, 4)), rng.normal(size=(20, 3, 4))), EXACT),
    Case("not_exact_in_binary", path(3, 4), {"lr": 0.01, "eps1": 1e-30, "eps2": 1e-3}),
]
