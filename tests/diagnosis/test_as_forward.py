"""Backwards that leave out what forward does: a mask, a stride, a transpose, which parameters are penalised, a residual."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_loss
from tests.diagnosis.nets import draw


def dropped(x: Any, w: Any, *, keep: float) -> Any:
    h = np.tanh(x @ w)
    kept = np.random.RandomState(4).rand(*h.shape) < keep
    return h * kept / keep, (x, w, h, kept, keep)


def not_dropped(dout: Any, cache: Any) -> Any:
    x, w, h, kept, keep = cache  # noqa: RUF059 - the mistake: they are not used
    dz = dout * (1 - h**2)  # WRONG: * kept / keep
    return dz @ w.T, x.T @ dz


def in_two_steps(x: Any, *, keep: float) -> Any:
    a = np.sin(x)
    kept = np.random.RandomState(4).rand(*a.shape) < keep
    a = a * kept
    a /= keep
    return a, (x, kept, keep)


def in_no_step(dout: Any, cache: Any) -> Any:
    x, kept, keep = cache  # noqa: RUF059 - the mistake: they are not used
    return dout * np.cos(x)  # WRONG: * kept / keep


def windows(x: Any, w: Any, stride: int) -> Any:
    size = len(w)
    return np.array([x[i * stride : i * stride + size] @ w for i in range((len(x) - size) // stride + 1)])


def windows_apart(dout: Any, x: Any, w: Any, stride: int) -> Any:
    size, dx, dw = len(w), np.zeros_like(x), np.zeros_like(w)
    for i in range(len(dout)):
        dx[i : i + size] += dout[i] * w  # WRONG: i * stride
        dw += dout[i] * x[i * stride : i * stride + size]
    return dx, dw, None


def image_windows(x: Any, k: int = 3, s: int = 2) -> Any:
    rows, columns = [(length - k) // s + 1 for length in x.shape]
    return np.array([[x[i * s : i * s + k, j * s : j * s + k].mean() for j in range(columns)] for i in range(rows)])


def image_windows_apart(dout: Any, x: Any, k: int = 3, s: int = 2) -> Any:
    del x
    rows, columns = dout.shape
    dx = np.zeros((s * (rows - 1) + k, s * (columns - 1) + k))
    for i in range(rows):
        for j in range(columns):
            dx[i : i + k, j : j + k] += dout[i, j] / k**2  # WRONG: i * s, j * s
    return dx


def pooled(x: Any) -> Any:
    rows, columns = x.shape
    cols = x.reshape(rows // 2, 2, columns // 2, 2).transpose(0, 2, 1, 3).reshape(-1, 4)
    best = cols.argmax(axis=1)
    return cols[np.arange(len(best)), best].reshape(rows // 2, columns // 2), (x, cols, best)


def pooled_flat(dout: Any, cache: Any) -> Any:
    x, cols, best = cache
    dcols = np.zeros_like(cols)
    dcols[np.arange(len(best)), best] = dout.ravel()
    return dcols.reshape(x.shape)  # WRONG: the transpose is not undone


def last_channels(x: Any) -> Any:
    flat = np.sin(x).transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
    return flat * np.arange(len(flat))[:, None], x


def first_channels(dout: Any, x: Any) -> Any:
    dx = (dout * np.arange(len(dout))[:, None]).reshape(x.shape)  # WRONG: the transpose is not undone
    return dx * np.cos(x)


def fitted(a: Any, b: Any) -> Any:
    x = np.linalg.lstsq(a, b, rcond=None)[0]
    return x, (a, b, x)


def without_residual(dx: Any, cache: Any) -> Any:
    a, b, x = cache  # noqa: RUF059 - the mistake: b is in the residual
    u = np.linalg.solve(a.T @ a, dx)
    return -np.outer(a @ u, x), a @ u  # WRONG: + np.outer(b - a @ x, u)


def by_pseudoinverse(dx: Any, cache: Any) -> Any:
    a, b, x = cache  # noqa: RUF059 - the mistake: b is in the residual
    db = np.linalg.pinv(a).T @ dx
    return -np.outer(db, x), db  # WRONG: + np.outer(b - a @ x, np.linalg.pinv(a) @ db)


PAIRS: dict[str, tuple[Any, Any, tuple[Any, ...], dict[str, Any], str]] = {
    "dropout": (dropped, not_dropped, (draw(5, 3), draw(3, 4)), {"keep": 0.6}, "+ dz = dout * (1 - h ** 2) * (kept / keep)"),
    "dropout in two steps": (in_two_steps, in_no_step, (draw(5, 3),), {"keep": 0.6}, "+ return dout * np.cos(x) * (kept / keep)"),
    "stride": (windows, windows_apart, (draw(9), draw(3), 2), {}, "+ dx[i * stride:i * stride + size] += dout[i] * w"),
    "two strides": (image_windows, image_windows_apart, (draw(7, 9),), {}, "+ dx[i * s:i * s + k, j * s:j * s + k] +="),
    "pooling": (pooled, pooled_flat, (draw(4, 6),), {}, ".reshape(2, 3, 2, 2).transpose(0, 2, 1, 3).reshape(x.shape)"),
    "channels": (last_channels, first_channels, (draw(2, 3, 2, 4),), {}, "x.shape[3], x.shape[1]).transpose(0, 3, 1, 2)"),
    "residual": (fitted, without_residual, (draw(6, 3), draw(6)), {}, "+ np.outer(b - a @ x, u)"),
    "pseudoinverse": (fitted, by_pseudoinverse, (draw(6, 3), draw(6)), {}, "+ np.outer(b - a @ x, np.linalg.pinv(a) @ db)"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_backward_leaves_out_is_named(name: str) -> None:
    forward, backward, inputs, static, words = PAIRS[name]
    wrong = [finding for finding in check(forward, backward, inputs, static) if finding.verdict == "wrong"]
    assert wrong
    assert words in wrong[0].explanation, wrong[0].explanation


def penalised_but_one(theta: Any, x: Any, y: Any, c: float) -> Any:
    rest = x @ theta - y
    return rest @ rest / 2 + c / 2 * np.sum(theta[1:] ** 2), x.T @ rest + c * theta  # WRONG: theta[1:]


def penalised_all(theta: Any, x: Any, y: Any, c: float) -> Any:
    rest = x @ theta - y
    grad = x.T @ rest
    grad[1:] += c * theta[1:]  # WRONG: all of theta
    return rest @ rest / 2 + c / 2 * np.sum(theta**2), grad


def penalised_columns(weights: Any, x: Any, y: Any, c: float) -> Any:
    rest = x @ weights.T - y
    grad = rest.T @ x + c * weights  # WRONG: not the last column
    return (rest**2).sum() / 2 + c / 2 * np.sum(weights[:, :-1] ** 2), grad


def penalised_in_a_loop(theta: Any, x: Any, y: Any, c: float) -> Any:
    rest = x @ theta - y
    grad = x.T @ rest
    for j in range(len(theta)):  # WRONG: range(1, ...)
        grad[j] += c * theta[j]
    return rest @ rest / 2 + c / 2 * np.sum(theta[1:] ** 2), grad


LOSSES: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "all but one": (penalised_but_one, (4,), "+ x.T @ rest + c * np.r_[0, theta[1:]]"),
    "all": (penalised_all, (4,), "+ grad += c * theta"),
    "all but a column": (penalised_columns, (3, 4), "c * np.c_[weights[:, :-1], np.zeros((len(weights), 1))]"),
    "a loop": (penalised_in_a_loop, (4,), "+ for j in range(1, len(theta)):"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_penalty_leaves_out_is_named(name: str) -> None:
    function, shape, words = LOSSES[name]
    report = check_loss(function, draw(*shape), draw(5, 4), draw(5, *shape[:-1]), 0.7)
    wrong = [finding for finding in report if finding.verdict == "wrong"]
    assert wrong
    assert words in wrong[0].explanation, wrong[0].explanation
