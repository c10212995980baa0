"""What a function has at hand and does not use, or uses otherwise than is right: in its file, in an entry, handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_loss
from gradwitness.diagnosis.constants import recognised
from tests.diagnosis.nets import draw

LABELS = np.array([1.0, -1.0, -1.0, 1.0, -1.0])
DATA = draw(5, 3)
TOKENS = [2, 0, 2, 1]
STATE: dict[str, Any] = {}


def logistic(beta: Any) -> Any:
    """The labels are a variable of the file, as in a notebook."""
    margins = LABELS * (DATA @ beta)
    return np.log1p(np.exp(-margins)).sum(), DATA.T @ (-1 / (1 + np.exp(margins)))  # WRONG: times LABELS


def keeping(x: Any, w: Any) -> Any:
    STATE["y"] = 1 / (1 + np.exp(-x @ w))
    return STATE["y"]


def with_an_array_of_the_file(dout: Any, x: Any, w: Any) -> Any:
    z = x @ w
    dz = dout * z * (1 - z)  # WRONG: STATE["y"], twice
    return dz @ w.T, x.T @ dz


def rates(table: Any, weights: Any) -> Any:
    return sum((np.sin(table[:, token]) * weights[:, i] ** 2).sum() for i, token in enumerate(TOKENS)), (table, weights)


def without_a_column(dout: Any, cache: Any) -> Any:
    table, weights = cache
    dtable, dweights = np.zeros_like(table), np.zeros_like(weights)
    for i, token in enumerate(TOKENS):
        dtable[:, token] += dout * np.cos(table[:, token]) * weights[:, i]  # WRONG: squared
        dweights[:, i] = 2 * dout * np.sin(table[:, token]) * weights[:, i]
    return dtable, dweights


def transmittance(density: Any, color: Any) -> Any:
    left = np.exp(-np.cumsum(density))
    return np.sum(left * color), (left, color)


def without_what_is_summed(dout: Any, cache: Any) -> Any:
    left, color = cache
    behind = np.zeros_like(left)
    for i in range(len(left)):
        behind[i] = (left * color)[i + 1 :].sum()
    return dout * (-(left * color)), dout * left  # WRONG: - behind


def volume(a: Any, x: Any) -> Any:
    inverse = np.linalg.inv(a)
    return np.log(np.abs(np.linalg.det(a))) - x @ inverse @ x, (inverse, x)


def not_transposed(dout: Any, cache: Any) -> Any:
    inverse, x = cache
    return dout * (inverse + np.outer(inverse.T @ x, inverse @ x)), -dout * (inverse + inverse.T) @ x  # WRONG: inverse.T +


def cells(xs: Any, memory: Any) -> Any:
    outs, kept = [], [memory]
    for x in xs:
        kept.append(kept[-1] * np.tanh(x))
        outs.append(np.sin(kept[-1]))
    return np.array(outs), (xs, kept)


def cell_backward(dout: Any, dkept: Any, x: Any, kept: Any, before: Any) -> Any:  # noqa: ARG001 - the mistake
    d = dout * np.cos(kept)  # WRONG: + dkept
    return d * before * (1 - np.tanh(x) ** 2), d * np.tanh(x)


def cells_backward(dout: Any, cache: Any) -> Any:
    xs, kept = cache
    dxs, dkept = np.zeros_like(xs), np.zeros_like(kept[0])
    for t in reversed(range(len(xs))):
        dxs[t], dkept = cell_backward(dout[t], dkept, xs[t], kept[t + 1], kept[t])
    return dxs, dkept


def penalised(theta: Any) -> Any:
    """All parameters in one vector, as minimizers want it. The first column is that of the biases."""
    weight = theta.reshape(2, 4)
    rest = np.c_[np.ones(5), DATA] @ weight.T
    dweight = rest.T @ np.c_[np.ones(5), DATA]
    dweight += 0.3 * weight  # WRONG: without the first column
    return 0.5 * (rest**2).sum() + 0.15 * (weight[:, 1:] ** 2).sum(), dweight.ravel()


def cooled(z: Any, temperature: float = 0.5) -> Any:
    """The number of rows, its half, and the temperature: a number in place of another agrees by chance."""
    n = len(z)
    half = n // 2
    p = np.exp(z / temperature)
    p /= p.sum(axis=1, keepdims=True)
    dz = p - np.eye(n)[np.roll(np.arange(n), half)]
    return -np.log(p[np.arange(n), np.roll(np.arange(n), half)]).mean(), dz / n  # WRONG: / temperature


def weighted(z: Any, weights: Any) -> Any:
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    kept = 0.1 * z
    loss = -(weights * np.log(p[:, 0])).sum() + 0.05 * (z**2).sum()
    return loss, p - np.eye(z.shape[1])[0] + kept  # WRONG: * weights[:, None]


def scored(q: Any, k: Any) -> Any:
    return np.sin(q @ k.swapaxes(-1, -2)), (q, k)


def in_the_same_order(dout: Any, cache: Any) -> Any:
    q, k = cache
    ds = dout * np.cos(q @ k.swapaxes(-1, -2))
    return ds @ k, ds @ q  # WRONG: ds.swapaxes(-1, -2) @ q


def biased(x: Any, w: Any, b: Any) -> Any:
    return np.tanh(x @ w + b), (x, w, b)


def without_the_bias(dout: Any, cache: Any) -> Any:
    x, w, b = cache
    dz = dout * (1 - np.tanh(x @ w) ** 2)  # WRONG: x @ w + b
    return dz @ w.T, x.T @ dz, dz.sum(axis=0) + 0 * b


def per_image(x: Any) -> Any:
    std = np.sqrt(x.var(axis=(1, 2), keepdims=True) + 1e-5)
    normed = (x - x.mean(axis=(1, 2), keepdims=True)) / std
    return normed, (normed, std)


def over_the_batch(dout: Any, cache: Any) -> Any:
    normed, std = cache
    mean = dout.mean(axis=(0, 1, 2), keepdims=True)  # WRONG: axis=(1, 2)
    return (dout - mean - normed * (dout * normed).mean(axis=(1, 2), keepdims=True)) / std


def residual(x: Any, w: Any) -> Any:
    return x + np.tanh(x @ w), (x, w)


def without_the_shortcut(dout: Any, cache: Any) -> Any:
    x, w = cache
    dz = dout * (1 - np.tanh(x @ w) ** 2)
    return dz @ w.T, x.T @ dz  # WRONG: + dout


CASES: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "a factor within a product of matrices": (lambda: check_loss(logistic, draw(3)), "dbeta", "a factor is missing", "* LABELS)"),
    "what another function keeps in the file": (
        lambda: check(keeping, with_an_array_of_the_file, (draw(4, 3), draw(3, 2))),
        "dx",
        "another array is right",
        "STATE",
    ),
    "a column": (
        lambda: check(rates, without_a_column, (draw(2, 3), draw(2, 4))),
        "dtable",
        "a factor is missing",
        "* weights[:, i] * weights[:, i]",
    ),
    "what is stored by its entries alone": (
        lambda: check(transmittance, without_what_is_summed, (np.abs(draw(4)), draw(4))),
        "ddensity",
        "behind is computed and never used",
        "+ behind)",
    ),
    "a square matrix in a term": (
        lambda: check(volume, not_transposed, (draw(3, 3) + 3 * np.eye(3), draw(3))),
        "da",
        "inverse is transposed",
        "inverse.T + ",
    ),
    "a penalty without biases": (
        lambda: check_loss(penalised, draw(8)),
        "dtheta",
        "forward leaves the first column of weight, such as a bias, out of its penalty",
        "np.c_[np.zeros((len(weight), 1)), weight[:, 1:]]",
    ),
    "weights of samples": (
        lambda: check_loss(weighted, draw(4, 3), np.abs(draw(4))),
        "dz",
        "a factor is missing",
        "* weights[:, None]",
    ),
    "a batch of matrices": (
        lambda: check(scored, in_the_same_order, (draw(2, 4, 3), draw(2, 4, 3))),
        "dk",
        "a factor is transposed",
        "ds.swapaxes(-1, -2) @ q",
    ),
    "a bias": (
        lambda: check(biased, without_the_bias, (draw(4, 3), draw(3, 2), draw(2))),
        "dx",
        "a term is missing",
        "np.tanh(x @ w + b)",
    ),
    "an axis of several": (
        lambda: check(per_image, over_the_batch, (draw(3, 4, 2),)),
        "dx",
        "by another factor in each part that is standardised",
        "+ mean = dout.mean(axis=(1, 2), keepdims=True)",
    ),
    "a shortcut": (
        lambda: check(residual, without_the_shortcut, (draw(4, 3), draw(3, 3))),
        "dx",
        "With dout added it agrees (got - truth = -dout): a term is missing or has the wrong factor.\nLine",
        "+ dz @ w.T + dout",
    ),
    "a gradient that is handed in": (
        lambda: check(cells, cells_backward, (draw(4, 3), draw(3))),
        "dxs",
        "dkept is handed in and never used",
        "+ d = dout * np.cos(kept) + dkept",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_edit_is_named(name: str) -> None:
    report, gradient, words, line = CASES[name]
    explanation = report()[gradient].explanation
    assert words in explanation
    assert line in explanation


def test_another_number_is_no_explanation_where_a_factor_is_missing() -> None:
    explanation = check_loss(cooled, draw(4, 4))["dz"].explanation
    assert explanation.startswith("It is half of what is right: 1/2, which is temperature")
    assert "a constant factor is missing" in explanation


def test_a_negative_number_of_the_code_is_told_as_what_it_is() -> None:
    assert recognised(2.0, {"-0.5": np.array(-0.5)}) == "2, which is 1/0.5"
    assert recognised(0.37, {"slope": np.array(-0.37)}) == "0.37, which is |slope|"
