"""Activation functions that stand for one another: the forms that frameworks and ports give them, in place of the one that is
called; and by which of them a function of one array is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.applied import methods
from gradwitness.comparing.code import Called, Where, called, functions_of
from gradwitness.comparing.trial import Trial, usual

NAMES = frozenset(
    (
        *("celu", "elu", "gelu", "hardsigmoid", "hardsilu", "hardswish", "hardtanh", "leakyrelu", "logsigmoid", "mish"),
        *("quickgelu", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "swish", "tanh"),
    )
)
"""As frameworks call them, in small letters and without underscores."""
METHODS = ("relu", "sigmoid", "tanh")
"""Those that are methods of PyTorch's tensors."""
SELU = (1.0507009873554805, 1.6732632423543772)
QUICK = 1.702
INFINITE = float("inf")


class Elementary(NamedTuple):
    """The functions of one framework that the formulas are made of."""

    exp: Callable[[Any], Any]
    expm1: Callable[[Any], Any]
    log1p: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    erf: Callable[[Any], Any]
    clip: Callable[[Any, float, float], Any]


class Formula(NamedTuple):
    """An activation in words, and how it is computed."""

    words: str
    function: Callable[[Elementary, Any], Any]


def elementary(framework: str) -> Elementary:
    """Those of a framework."""
    if framework == "torch":
        import torch

        return Elementary(torch.exp, torch.expm1, torch.log1p, torch.tanh, torch.erf, torch.clamp)
    if framework == "tensorflow":
        import tensorflow as tf

        return Elementary(tf.exp, tf.math.expm1, tf.math.log1p, tf.tanh, tf.math.erf, _clipped)
    if framework == "jax":
        import jax

        numpy = jax.numpy
        return Elementary(numpy.exp, numpy.expm1, numpy.log1p, numpy.tanh, jax.scipy.special.erf, numpy.clip)
    return Elementary(np.exp, np.expm1, np.log1p, np.tanh, np.vectorize(math.erf, otypes=[float]), np.clip)


def _clipped(x: Any, low: float, high: float) -> Any:
    import tensorflow as tf

    return tf.clip_by_value(x, tf.cast(low, x.dtype), tf.cast(high, x.dtype))


def formulas(numbers: Iterable[float] = ()) -> Iterator[Formula]:
    """The activations.

    numbers   slopes and factors that are tried besides the usual ones
    """
    yield Formula("clip(x / 6 + 0.5, 0, 1)", lambda e, x: e.clip(x / 6 + 0.5, 0.0, 1.0))
    yield Formula("clip(0.2 x + 0.5, 0, 1)", lambda e, x: e.clip(0.2 * x + 0.5, 0.0, 1.0))
    yield Formula("x clip(x / 6 + 0.5, 0, 1)", lambda e, x: x * e.clip(x / 6 + 0.5, 0.0, 1.0))
    yield Formula("x clip(0.2 x + 0.5, 0, 1)", lambda e, x: x * e.clip(0.2 * x + 0.5, 0.0, 1.0))
    yield Formula("x (1 + erf(x / sqrt(2))) / 2", lambda e, x: x * 0.5 * (1 + e.erf(x * 0.5**0.5)))
    yield Formula(
        "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2",
        lambda e, x: x * 0.5 * (1 + e.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x * x * x))),
    )
    yield Formula("x sigmoid(x)", lambda e, x: x / (1 + e.exp(-x)))
    yield Formula("x sigmoid(1.702 x)", lambda e, x: x / (1 + e.exp(-QUICK * x)))
    yield Formula("max(x, 0)", lambda e, x: e.clip(x, 0.0, INFINITE))
    yield Formula("min(max(x, 0), 6)", lambda e, x: e.clip(x, 0.0, 6.0))
    yield Formula("log(1 + exp(x))", lambda e, x: _softplus(e, x, 1.0))
    yield Formula("x tanh(log(1 + exp(x)))", lambda e, x: x * e.tanh(_softplus(e, x, 1.0)))
    yield Formula("sigmoid(x)", lambda e, x: 1 / (1 + e.exp(-x)))
    yield Formula("log(sigmoid(x))", lambda e, x: -_softplus(e, -x, 1.0))
    yield Formula("tanh(x)", lambda e, x: e.tanh(x))
    yield Formula("clip(x, -1, 1)", lambda e, x: e.clip(x, -1.0, 1.0))
    yield Formula("x / (1 + |x|)", lambda _, x: x / (1 + abs(x)))
    scale, alpha = SELU
    yield Formula("selu(x)", lambda e, x: scale * _elu(e, x, alpha, 1.0))
    for number in dict.fromkeys([*usual("alpha"), *numbers]):
        yield from _with(number)


def _with(number: float) -> Iterator[Formula]:
    """Those that have a setting."""
    n, said = float(number), f"{number:g}"
    yield Formula(
        f"max(x, 0) + {said} min(x, 0)" if n != 1 else "x", lambda e, x: e.clip(x, 0.0, INFINITE) + n * e.clip(x, -INFINITE, 0.0)
    )
    yield Formula(f"elu(x) with alpha={said}", lambda e, x: _elu(e, x, n, 1.0))
    if n != 1:
        yield Formula(f"celu(x) with alpha={said}", lambda e, x: _elu(e, x, n, n))
        yield Formula(f"x sigmoid({said} x)", lambda e, x: x / (1 + e.exp(-n * x)))
        yield Formula(f"log(1 + exp({said} x)) / {said}", lambda e, x: _softplus(e, x, n))
        yield Formula(f"tanh({said} x)", lambda e, x: e.tanh(n * x))
        yield Formula(f"sigmoid({said} x)", lambda e, x: 1 / (1 + e.exp(-n * x)))
        yield Formula(f"clip(x, -{said}, {said})", lambda e, x: e.clip(x, -n, n))


def _softplus(e: Elementary, x: Any, beta: float) -> Any:
    return e.clip(x, 0.0, INFINITE) + e.log1p(e.exp(-beta * abs(x))) / beta


def _elu(e: Elementary, x: Any, alpha: float, width: float) -> Any:
    return e.clip(x, 0.0, INFINITE) + alpha * e.expm1(e.clip(x, -INFINITE, 0.0) / width)


def replaced(calls: Sequence[Called], modules: Sequence[Any], framework: str, numbers: Iterable[float] = ()) -> Iterator[Trial]:
    """Each activation that is called, or that a layer is or holds, replaced by another one.

    calls     functions and methods that the code names
    modules   layers
    numbers   of the functions that it should agree with
    """
    e = elementary(framework)
    places: list[tuple[tuple[Where, ...], str]] = [((call.where,), call.name) for call in calls if is_activation(call.where[1])]
    kinds = dict.fromkeys(type(module) for module in modules if is_activation(type(module).__name__))
    method = {"torch": "forward", "tensorflow": "call"}.get(framework, "__call__")
    places += [
        (tuple((module, method) for module in modules if type(module) is kind), kind.__name__)
        for kind in kinds
        if framework != "jax"
    ]
    places += [
        (((module, name),), f"{name} of {type(module).__name__}")
        for module in modules
        for name, value in vars(module).items()
        if callable(value) and is_activation(getattr(value, "__name__", ""))
    ]
    for where, name in places:
        for formula in formulas(numbers):

            def other(*args: Any, formula: Formula = formula, **kwargs: Any) -> Any:
                return formula.function(e, [*args, *kwargs.values()][0])

            yield Trial(f"with {formula.words} in place of {name}", tuple((*each, other) for each in where))


def activations_called(function: Any, framework: str) -> list[Called]:
    """The activations that a function's code names: functions of libraries, and methods of PyTorch's tensors."""
    own = functions_of(function)
    found = [call for each in own for call in called(each) if is_activation(call.where[1])]
    return [*found, *(methods(own, METHODS) if framework == "torch" else ())]


def is_activation(name: str) -> bool:
    """Whether a function or a class is called like an activation."""
    return isinstance(name, str) and name.lower().replace("_", "") in NAMES


def known_as(x: Array, alike: Callable[[Array], bool], numbers: Iterable[float] = ()) -> str:
    """The activation that gives what a function gives for x; empty if none does.

    alike   whether values are those of the function
    """
    e = elementary("numpy")
    with np.errstate(all="ignore"):
        return next((formula.words for formula in formulas(numbers) if alike(np.asarray(formula.function(e, x)))), "")
