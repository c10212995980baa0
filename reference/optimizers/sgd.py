"""Gradient descent; stochastic when the gradient comes from a mini-batch.

    param <- param - lr * grad

The step of steepest descent in the Euclidean norm: L(param + d) is to first order L + <grad, d>, least for d along
-grad.

Shapes: param, grad (...); state is empty. lr is the learning rate.
Source: Robbins and Monro, "A stochastic approximation method", 1951.
"""

from reference.case import Array, Case, Inputs, require, require_floats

State = dict[str, Array]


def init(param: Array) -> State:
    """The state before the first step: none."""
    return {}


def step(param: Array, grad: Array, state: State, *, lr: float) -> tuple[Array, State]:
    """One update. param, grad (...) -> param (...), state.

    Raises ValueError where dtypes or shapes differ or lr is negative.
    """
    require_floats("sgd", param=param, grad=grad)
    require(grad.shape == param.shape, "sgd", "grad", f"of shape {grad.shape}", f"{param.shape}, the shape of param")
    require(lr >= 0, "sgd", "lr", lr, "lr >= 0")
    return param - lr * grad, state


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.normal(size=(20, *shape)))


CASES = [
    Case("generic", _inputs(3, 4), {"lr": 0.5}),
    Case("one", _inputs(1), {"lr": 0.5}),
    Case("large", _inputs(64, 257), {"lr": 0.0625}),
    Case("rate_not_exact_in_binary", _inputs(3, 4), {"lr": 0.1}),
    Case("zero_rate", _inputs(3, 4), {"lr": 0.0}),
]
