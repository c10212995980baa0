"""The checks of the arguments of update rules, and the two numbers that most rules need: averages and bias corrections."""

import numpy as np

from ..case import Array, Inputs, invalid, require_floats


def check(op: str, param: Array, grad: Array, lr: float) -> None:
    """Check the arguments that every step has.

    Raises ValueError where param or grad are not floats, differ in dtype or shape, or lr is negative.
    """
    require_floats(op, param=param, grad=grad)
    if grad.shape != param.shape:
        raise invalid(op, "grad", f"of shape {grad.shape}", f"{param.shape}, the shape of param")
    if not lr >= 0:
        raise invalid(op, "lr", lr, "lr >= 0")


def check_decays(op: str, **decays: float) -> None:
    """Check weights of exponential averages, and momenta. Raises ValueError for one outside [0, 1)."""
    for name, value in decays.items():
        if not 0 <= value < 1:
            raise invalid(op, name, value, f"0 <= {name} < 1")


def check_not_negative(op: str, **numbers: float) -> None:
    """Check epsilons, weight decays and the like. Raises ValueError for a negative one."""
    for name, value in numbers.items():
        if not value >= 0:
            raise invalid(op, name, value, f"{name} >= 0")


def average(old: Array, new: Array, beta: float) -> Array:
    """The next exponential moving average: beta * old + (1 - beta) * new."""
    return beta * old + (1 - beta) * new


def bias_correction(beta: float, step: int, like: Array) -> Array:
    """1 - beta^step, as a number of the dtype of `like`.

    The `step` terms of an average that starts at zero have the weights (1 - beta) beta^k, whose sum is this number and not one.
    It is computed in longdouble and rounded once, because 1 - beta^step cancels if beta is near one.
    """
    return number(1 - np.longdouble(beta) ** step, like)


def number(value: float | np.floating, like: Array) -> Array:
    """A number that was computed in longdouble, rounded once to the dtype of `like`."""
    return np.asarray(value, like.dtype)


def norm(x: Array) -> Array:
    """The Euclidean norm of all elements, ()."""
    length: Array = np.sqrt((x * x).sum())
    return length


def path(*shape: int) -> Inputs:
    """Inputs of a case: a first parameter of a given shape, and the gradients of 20 steps."""
    return lambda rng: (rng.normal(size=shape), rng.normal(size=(20, *shape)))
