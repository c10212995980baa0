"""Small functions whose backward has one mistake: what the report should name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
rng = np.random.default_rng(0)


@dataclass(frozen=True)
class Mistake:
    """A forward, a backward with a mistake, inputs; the kind of explanation and words that it must hold."""

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: tuple[Any, ...]
    kind: str
    words: str


def linear(x: Array, weight: Array, bias: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ weight + bias, (x, weight)


def tanh(x: Array) -> tuple[Array, Array]:
    return np.tanh(x), np.tanh(x)


def mean_square(x: Array, target: Array) -> tuple[Any, tuple[Array, Array]]:
    return ((x - target) ** 2).mean(), (x, target)


def penalised(weight: Array) -> tuple[Any, Array]:
    return np.sin(weight).sum() + 0.1 * (weight * weight).sum(), weight


def layer_norm(x: Array, weight: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    centred = x - x.mean(axis=1, keepdims=True)
    rstd = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return centred * rstd * weight, (centred * rstd, rstd, weight)


def softmax(x: Array) -> tuple[Array, Array]:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), e / e.sum(axis=1, keepdims=True)


def dense(x: Array, weight: Array) -> tuple[Array, Any]:
    y = np.tanh(x @ weight)
    return y, (x, weight, y)


def gather(table: Array) -> tuple[Array, tuple[int, ...]]:
    return table[[0, 2, 2, 1, 2]], table.shape


def overwritten(dout: Array, shape: tuple[int, ...]) -> tuple[Array]:
    dtable = np.zeros(shape, dout.dtype)
    dtable[[0, 2, 2, 1, 2]] = dout
    return (dtable,)


def relu_dropped(dout: Array, x: Array) -> tuple[Array]:
    del x
    return (dout,)


def without_statistics(dout: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    xhat, rstd, weight = cache
    return dout * weight * rstd, (dout * xhat).sum(axis=0)


def mean_alone(dout: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    xhat, rstd, weight = cache
    g = dout * weight
    return rstd * (g - g.mean(axis=1, keepdims=True)), (dout * xhat).sum(axis=0)


def without_tanh(dout: Array, cache: Any) -> tuple[Array, Array]:
    x, weight, _ = cache
    return dout @ weight.T, x.T @ dout


def one_element(dout: Array, y: Array) -> tuple[Array]:
    dx = dout * (1 - y * y)
    dx[1, 2] *= 1 + 1e-5
    return (dx,)


def nowhere(dout: Any, weight: Array) -> tuple[Array]:
    return (dout * np.where(weight > 0, np.cos(weight), np.log(weight)),)


x, weight, bias = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
affine = (x, weight, bias)


def gradients(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    x, weight = cache
    return dout @ weight.T, x.T @ dout, dout.sum(axis=0)


def changed(which: int, change: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """The right gradients of `linear`, with a change of one."""

    def backward(dout: Array, cache: tuple[Array, Array]) -> list[Array]:
        found = list(gradients(dout, cache))
        found[which] = change(found[which], dout)
        return found

    return backward


def of_tanh(factor: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    return lambda dout, y: (factor(dout, y),)


def mistakes() -> Iterator[Mistake]:
    """The table."""
    yield Mistake("sign", linear, changed(0, lambda g, _: -g), affine, "sign", "sign is wrong")
    yield Mistake("twice", linear, changed(1, lambda g, _: 2 * g), affine, "constant factor", "twice what is right")
    yield Mistake("mean for sum", linear, changed(2, lambda _, d: d.mean(axis=0)), affine, "constant factor", "rows of x")
    yield Mistake("not summed", linear, changed(2, lambda _, d: d), affine, "missing sum", "summed over axis 0")
    yield Mistake("transposed", linear, changed(1, lambda g, _: g.T), affine, "transposed", "dweight.T agrees")
    yield Mistake("reversed", linear, changed(2, lambda g, _: g[::-1]), affine, "shifted", "reverse order")
    yield Mistake("shifted", linear, changed(2, lambda g, _: np.roll(g, 1)), affine, "shifted", "shifted by 1")
    yield Mistake(
        "1 - y for 1 - y**2", tanh, of_tanh(lambda d, y: d * (1 - y)), (x,), "derivative", "the derivative of tanh is right"
    )
    yield Mistake("derivative missing", tanh, of_tanh(lambda d, _: d), (x,), "derivative", "the derivative of tanh")
    yield Mistake("cotangent twice", tanh, of_tanh(lambda d, y: d * d * (1 - y * y)), (x,), "cotangent", "used twice")
    yield Mistake("one element", tanh, one_element, (x,), "element", "dx[1, 2] alone is wrong: it is 1.00001 times")
    yield Mistake(
        "sum for mean",
        mean_square,
        lambda d, c: (2 * d * (c[0] - c[1]), -2 * d * (c[0] - c[1]) / 12),
        (x, x + 1 / x),
        "constant factor",
        "12 is the number of elements of x",
    )
    yield Mistake("half the penalty", penalised, lambda d, w: (d * (np.cos(w) + 0.1 * w),), (weight,), "term", "1/10 * weight")
    yield Mistake(
        "mask dropped",
        lambda x: (np.maximum(x, 0), x),
        relu_dropped,
        (x,),
        "mask",
        "right where x > 0, and elsewhere it should be 0",
    )
    yield Mistake("nan", penalised, nowhere, (rng.normal(size=(4, 6)),), "mask", "nan where weight < 0")
    yield Mistake(
        "statistics held constant",
        layer_norm,
        without_statistics,
        (rng.normal(size=(3, 5)), np.arange(1.0, 6)),
        "statistics",
        "the mean and the variance is missing: held constant",
    )
    yield Mistake(
        "variance held constant",
        layer_norm,
        mean_alone,
        (rng.normal(size=(3, 5)), np.arange(1.0, 6)),
        "statistics",
        "through the variance is missing: held constant",
    )
    yield Mistake(
        "diagonal of softmax", softmax, of_tanh(lambda d, p: d * p * (1 - p)), (x,), "diagonal", "diagonal of the Jacobian"
    )
    yield Mistake("last activation", dense, without_tanh, (x, weight), "derivative", "derivative of tanh")
    yield Mistake("repeated index", gather, overwritten, (x,), "series", "contributions overwrite each other")
    yield Mistake("other gelu", *other_gelu(), (x,), "derivative", "slope of gelu with tanh at x")
    yield Mistake(
        "exchanged",
        lambda a, b: (np.sin(a) * b, (a, b)),
        lambda d, c: (d * np.sin(c[0]), d * np.cos(c[0]) * c[1]),
        (x, x.T.reshape(4, 3)),
        "exchanged",
        "gradients are exchanged",
    )


def other_gelu() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """GELU with tanh, and the derivative of the one with erf."""
    from math import erf, pi, sqrt

    def forward(x: Array) -> tuple[Array, Array]:
        return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))), x

    def backward(dout: Array, x: Array) -> tuple[Array]:
        cdf = np.vectorize(lambda v: 0.5 * (1 + erf(v / sqrt(2))))(np.asarray(x, float))
        return (dout * (cdf + x * np.exp(-x * x / 2) / sqrt(2 * pi)),)

    return forward, backward
