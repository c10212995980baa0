"""Functions of a known quantity that stand in gradients, by how a formula shows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from gradwitness.arrays import Array


def _normal_cdf(u: Array) -> Array:
    return np.asarray(np.vectorize(lambda v: 0.5 * math.erfc(-float(v) / math.sqrt(2)), otypes=[np.longdouble])(u))


def _sigmoid(u: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-u)))


def _slope_of_gelu_tanh(u: Array) -> Array:
    c, a = math.sqrt(2 / math.pi), 0.044715
    t = np.tanh(c * (u + a * u**3))
    return np.asarray((1 + t) / 2 + u * (1 - t * t) * c * (1 + 3 * a * u * u) / 2)


def _slope_of_mish(u: Array) -> Array:
    t = np.tanh(np.logaddexp(0, u))
    return np.asarray(t + u * (1 - t * t) * _sigmoid(u))


FORMS: Mapping[str, Callable[[Array], Array]] = {
    "{}": lambda u: u,
    "(1 - {})": lambda u: 1 - u,
    "(1 + {})": lambda u: 1 + u,
    "{}**2": lambda u: u * u,
    "(1 - {}**2)": lambda u: 1 - u * u,
    "(1 + {}**2)": lambda u: 1 + u * u,
    "{} * (1 - {})": lambda u: u * (1 - u),
    "(1 - 2 * {})": lambda u: 1 - 2 * u,
    "exp({})": np.exp,
    "tanh({})": np.tanh,
    "(1 - tanh({})**2)": lambda u: 1 - np.tanh(u) ** 2,
    "(1 + tanh({}))": lambda u: 1 + np.tanh(u),
    "(1 - tanh({}))": lambda u: 1 - np.tanh(u),
    "sigmoid({})": _sigmoid,
    "sigmoid(-{})": lambda u: _sigmoid(-u),
    "log(abs({}))": lambda u: np.log(np.abs(u)),
    "(1 + log(abs({})))": lambda u: 1 + np.log(np.abs(u)),
    "sqrt(abs({}))": lambda u: np.sqrt(np.abs(u)),
    "softplus({})": lambda u: np.logaddexp(0, u),
    "sign({})": np.sign,
    "(1 + exp({}))": lambda u: 1 + np.exp(u),
    "(1 + abs({}))": lambda u: 1 + np.abs(u),
}
"""Elementary functions, by how a formula shows them."""
SLOPES: Mapping[str, Callable[[Array], Array]] = {
    "gelu with erf": lambda u: _normal_cdf(u) + u * np.exp(-u * u / 2) / math.sqrt(2 * math.pi),
    "gelu with tanh": _slope_of_gelu_tanh,
    "silu": lambda u: _sigmoid(u) * (1 + u * _sigmoid(-u)),
    "mish": _slope_of_mish,
    "elu": lambda u: np.where(u > 0, 1, np.exp(np.minimum(u, 0))),
    "selu": lambda u: 1.0507009873554805 * np.where(u > 0, 1, 1.6732632423543772 * np.exp(np.minimum(u, 0))),
    "softsign": lambda u: 1 / (1 + np.abs(u)) ** 2,
    "relu": lambda u: (u > 0).astype(float),
    "normal density": lambda u: np.exp(-u * u / 2) / math.sqrt(2 * math.pi),
    "normal cdf": _normal_cdf,
}
"""Derivatives of activations, and parts of them; "the derivative of gelu at x" in a formula."""
WITH_SCALARS: Mapping[str, Callable[[float, Array], Array]] = {
    "({} - {})": lambda s, u: u - s,
    "({} + {})": lambda s, u: u + s,
    "(1 + {1} * {0})": lambda s, u: 1 + s * u,
    "abs({})**{}": lambda s, u: np.asarray(np.abs(u) ** s),
    "abs({})**({} - 1)": lambda s, u: np.asarray(np.abs(u) ** (s - 1)),
    "sqrt({} + {})": lambda s, u: np.sqrt(u + s),
    "exp({1} * {0})": lambda s, u: np.exp(s * u),
    "sigmoid({1} * {0})": lambda s, u: 1 / (1 + np.exp(-s * u)),
}
"""Functions of a quantity and a number that the user's code names."""


def functions(words: str, scalars: Mapping[str, float]) -> Iterator[tuple[str, Callable[[Array], Array], str]]:
    """Words of a formula, the function, and the activation whose derivative it is, or nothing: for a quantity, by its words.

    scalars   numbers that the user's code names, by name
    """
    for form, function in FORMS.items():
        yield form.replace("{}", words), function, ""
    for name, function in SLOPES.items():
        yield f"({name.replace('gelu', 'slope of gelu') if 'normal' in name else f'slope of {name}'} at {words})", function, name

    for name, scalar in scalars.items() if "(" not in words else ():
        for form, function_of in WITH_SCALARS.items():
            yield form.format(words, name), partial(function_of, scalar), ""
