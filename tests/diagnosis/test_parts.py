"""Mistakes in a part of an expression: the line and its repair are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check

RNG = np.random.default_rng(5)
SLOPE = 0.044715


def cubic(x: Any) -> Any:
    return np.sin(x + SLOPE * x**3)


def without_three(dout: Any, x: Any) -> Any:
    return dout * np.cos(x + SLOPE * x**3) * (1 + SLOPE * x**2)


def mish(x: Any) -> Any:
    t = np.tanh(np.log1p(np.exp(x)))
    return x * t, (x, t)


def without_sigmoid(dout: Any, cache: Any) -> Any:
    x, t = cache
    sigmoid = 1 / (1 + np.exp(-x))  # noqa: F841 - the mistake: it is never used
    return dout * (t + x * (1 - t**2))


def sampled(mean: Any, logvar: Any, noise: Any) -> Any:
    return mean * 2 + np.exp(logvar / 2) * noise + logvar**2


def without_half(dout: Any, mean: Any, logvar: Any, noise: Any) -> Any:
    del mean
    return 2 * dout, dout * np.exp(logvar / 2) * noise + 2 * dout * logvar, dout * np.exp(logvar / 2)


def masked_mean(x: Any, valid: Any) -> Any:
    return (np.sin(x) * valid).sum() / valid.sum()


def mean_of_all(dout: Any, x: Any, valid: Any) -> Any:
    return dout * np.cos(x) * valid / len(x), None


def scores(q: Any, k: Any) -> Any:
    return np.einsum("bqhd,bkhd->bhqk", q, k)


def of_another_index(dout: Any, q: Any, k: Any) -> Any:
    return np.einsum("bhqk,bkhd->bqhd", dout, k), np.einsum("bhqk,bkhd->bqhd", dout, q)


def smoothed(x: Any, pad: int) -> Any:
    padded = np.pad(x, pad)
    return padded[:-2] + 2 * padded[1:-1] + 3 * padded[2:]


def cut_at_the_beginning(dout: Any, x: Any, pad: int) -> Any:
    length = len(x)
    dpadded = np.zeros(length + 2 * pad)
    dpadded[:-2] += dout
    dpadded[1:-1] += 2 * dout
    dpadded[2:] += 3 * dout
    return dpadded[:length], None


def chosen(table: Any, labels: Any) -> Any:
    return table.sum() - table[labels].sum()


def once_for_each(dout: Any, table: Any, labels: Any) -> Any:
    dtable = np.full(table.shape, dout)
    dtable[labels] -= dout
    return dtable, None


def tied(params: Any, x: Any) -> Any:
    h = np.tanh(x @ params["w"])
    return h @ params["w"].T, (params, x, h)


def used_once(dout: Any, cache: Any) -> Any:
    params, x, h = cache
    dz = dout @ params["w"] * (1 - h**2)
    return {"w": x.T @ dz}, dz @ params["w"].T


def spread_of(theta: Any, x: Any) -> Any:
    scale = np.exp(theta[1])
    return np.sum(np.log(scale) + (x - theta[0]) ** 2 / (2 * scale**2))


def of_the_logarithm(dout: Any, theta: Any, x: Any) -> Any:
    scale = np.exp(theta[1])
    rest = x - theta[0]
    return dout * np.array([-np.sum(rest) / scale**2, np.sum(1 / scale - rest**2 / scale**3)]), None


def precision_of(theta: Any, x: Any) -> Any:
    r = np.exp(-theta)
    return np.sum(r * x**2 / 2 - np.log(r))


def of_the_precision(dout: Any, theta: Any, x: Any) -> Any:
    r = np.exp(-theta)
    slope = np.sum(x**2 / 2 - 1 / r)
    return dout * slope, None


def rated(u: Any, v: Any, c: Any, ratings: Any, known: Any) -> Any:
    error = u @ v.T - ratings
    return ((error * known) ** 2).sum() / 2 + c * (error**2).sum()


def of_all_ratings(dout: Any, u: Any, v: Any, c: Any, ratings: Any, known: Any) -> Any:
    error = u @ v.T - ratings
    du = error.dot(v) + 2 * c * error.dot(v)
    dv = (error * known).T.dot(u) + 2 * c * error.T.dot(u)
    return dout * du, dout * dv, dout * (error**2).sum(), None, None


def layered(x: Any, w: Any) -> Any:
    values = [x]
    for _ in range(2):
        values.append(1 / (1 + np.exp(-w @ values[-1])))
    return values[-1], (values, w)


def without_the_last_slope(dout: Any, cache: Any) -> Any:
    values, w = cache
    delta = dout
    dw = np.outer(delta, values[-2])
    delta = (w.T @ delta) * values[1] * (1 - values[1])
    return w.T @ delta, dw + np.outer(delta, values[0])


HEADS = RNG.normal(size=(2, 4, 2, 3)), RNG.normal(size=(2, 4, 2, 3))
RATINGS = RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2)), 0.3, np.arange(12).reshape(4, 3), np.arange(12).reshape(4, 3) % 2
LAYERS = RNG.normal(size=3), RNG.normal(size=(3, 3))
PARTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], str]] = {
    "a power": (cubic, without_three, (RNG.normal(size=5),), "the derivative of x**3 is 3 * x**2"),
    "never used": (mish, without_sigmoid, (RNG.normal(size=5),), "sigmoid is computed and never used"),
    "a summand": (sampled, without_half, tuple(RNG.normal(size=(3, 4))), "+ dout * np.exp(logvar / 2) * noise * 0.5 + 2 * dout"),
    "a count": (masked_mean, mean_of_all, (RNG.normal(size=5), np.arange(5) % 2 == 0), "the sum of valid is right"),
    "tied weights": (tied, used_once, ({"w": RNG.normal(size=(4, 3))}, RNG.normal(size=(5, 4))), "x.T @ dz + dout.T @ h"),
    "indices": (scores, of_another_index, HEADS, "two indices are exchanged"),
    "a window": (smoothed, cut_at_the_beginning, (RNG.normal(size=6), 1), "+ dpadded[pad:pad + length]"),
    "an entry": (spread_of, of_the_logarithm, (np.array([0.3, 0.7]), np.arange(4)), "rest ** 2 / scale ** 3) * scale"),
    "a number": (precision_of, of_the_precision, (np.array(0.4), np.arange(4)), "* -r"),
    "an operand": (rated, of_all_ratings, RATINGS, "(error * known).dot(v) + 2"),
    "an index from the end": (layered, without_the_last_slope, LAYERS, "values[-1] * (1 - values[-1])"),
    "repeated": (chosen, once_for_each, (RNG.normal(size=4), [0, 2, 2]), "+ np.subtract.at(dtable, labels, dout)"),
}  # fmt: skip
"""By the part: forward, a wrong backward, inputs, and words that the explanation has."""


@pytest.mark.parametrize("part", PARTS)
def test_the_line_and_its_repair_are_named(part: str) -> None:
    forward, backward, inputs, words = PARTS[part]
    wrong = [finding for finding in check(forward, backward, inputs) if finding.verdict == "wrong"]
    assert wrong
    assert words in wrong[0].explanation, wrong[0].explanation


def test_the_rounding_of_a_wrong_gradient_is_not_called_right() -> None:
    x = RNG.normal(size=(2, 3)).astype(np.float32)
    report = check(np.sin, lambda dout, x: 3 * dout * np.cos(x), (x,))
    assert not [finding.about for finding in report if finding.verdict == "right"]
