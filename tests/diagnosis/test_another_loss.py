"""Gradients that fit another loss are told so, with the edit of forward that makes them right; no other mistake is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check, check_loss
from tests.diagnosis.nets import draw, hidden_sigmoid


def variational(params: Any, x: Any) -> Any:
    weight, bias = params
    h = np.tanh(x @ weight)
    mu, log_var = (h + bias)[:, :2], (h + bias)[:, 2:]
    loss = 0.5 * np.sum(mu**2 + np.exp(log_var) - 1 + log_var)  # WRONG: - log_var
    dh = np.concatenate([mu, 0.5 * (np.exp(log_var) - 1)], axis=1)
    return float(loss), (x.T @ (dh * (1 - h**2)), dh.sum(axis=0))


def half_of_square(params: Any, x: Any, y: Any) -> Any:
    error = x @ params["w"] - y
    return float((error**2).sum() / len(y)), {"w": x.T @ error / len(y)}  # WRONG: one of both


@pytest.mark.parametrize(
    ("arguments", "edit"),
    [
        ((variational, (draw(3, 4), draw(4)), draw(5, 3)), "np.exp(log_var) - 1 - log_var)"),
        ((half_of_square, {"w": draw(3)}, draw(7, 3), draw(7)), "(error ** 2).sum() / len(y)) * 0.5"),
    ],
)
def test_the_loss_may_be_at_fault(arguments: Any, edit: str) -> None:
    note = check_loss(*arguments)["the loss"]
    assert note.verdict == "note"
    assert note.message.startswith("Together the gradients are those of another loss")
    assert edit in note.message


def summed(forward: Any, backward: Any) -> tuple[Any, Any]:
    """The same, with the sum of its squares as a loss."""

    def loss(*inputs: Any) -> Any:
        out, cache = forward(*inputs)
        return (out * out).sum(), (out, cache)

    return loss, lambda d, cache: backward(2 * d * cache[0], cache[1])


def test_a_mistake_within_backward_is_no_other_loss() -> None:
    forward, backward, inputs = hidden_sigmoid()
    assert "the loss" not in [finding.about for finding in check(*summed(forward, backward), inputs)]


def test_a_term_of_each_element_alone_says_nothing_about_the_loss() -> None:
    def loss(w: Any) -> Any:
        return (w**2).sum()

    assert "the loss" not in [finding.about for finding in check(loss, lambda d, w: d * w, (draw(5),))]


def test_no_other_function_is_proposed_for_a_loss() -> None:
    """The gradient of a square on both sides of a bound: any function that stays below the bound makes forward agree."""

    def forward(w: Any) -> Any:
        r = 3 * w
        return np.where(np.abs(r) <= 1.0, 0.5 * r**2, np.abs(r) - 0.5).sum(), r

    found = check(forward, lambda dout, r: dout * 3 * r, np.array([0.1, 0.9, -1.3, 0.2]))
    assert not any("np.sin" in finding.explanation for finding in found)


def test_a_backward_that_leaves_dout_out_is_no_other_loss() -> None:
    def loss(x: Any, y: Any) -> Any:
        return ((x - y) ** 2).sum(), x - y

    report = check(loss, lambda _, error: (2 * error, -2 * error), (draw(5), -draw(5)))
    assert report["dout"].verdict == "wrong"
    assert "the loss" not in [finding.about for finding in report]
