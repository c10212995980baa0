"""`check_loss`: loss, gradients = f(params, *data), as courses write it; also where the parameters live in an object."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check_loss
from gradwitness.subjects.errors import BadCall, UserError

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=2)


def parts(w: Any, b: Any, x: Any, y: Any, wrong: float = 0.0) -> tuple[Any, Any, Any]:
    residual = x @ w + b - y
    return (residual**2).sum() / len(x), 2 * x.T @ residual / len(x) * (1 + wrong), 2 * residual.sum(axis=0) / len(x)


class Net:
    """Parameters in a dict, in attributes, in layers."""

    def __init__(self) -> None:
        self.params = {"W": W.copy(), "b": B.copy()}
        self.W, self.b = self.params["W"], self.params["b"]
        self.wrong = 0.0

    def loss(self, x: Any, y: Any) -> Any:
        loss, dw, db = parts(self.params["W"], self.params["b"], x, y, self.wrong)
        self.seen = x
        return loss, {"W": dw, "b": db}

    def grads_by_d(self, x: Any, y: Any) -> Any:
        loss, dw, db = parts(self.W, self.b, x, y, self.wrong)
        return loss, {"dW": dw, "db": db}


def one_array(theta: Any, x: Any, wrong: float = 0.0) -> Any:
    return float((x @ theta) @ (x @ theta)), 2 * x.T @ (x @ theta) * (1 + wrong)


STYLES: dict[str, Callable[[float], tuple[Any, ...]]] = {
    "a dict": lambda wrong: (lambda p, x, y: _dict(p, x, y, wrong), {"W": W, "b": B}, X, Y),
    "a tuple": lambda wrong: (lambda p, x, y: _pair(p, x, y, wrong), (W, B), X, Y),
    "a list": lambda wrong: (lambda p, x, y: (parts(*p, x, y, wrong)[0], list(parts(*p, x, y, wrong)[1:])), [W, B], X, Y),
    "one by one": lambda wrong: (lambda p, x, y: parts(*p, x, y, wrong), (W, B), X, Y),
    "a nested dict": lambda wrong: (lambda p, x, y: _nested(p, x, y, wrong), {"dense": {"W": W}, "b": B}, X, Y),
    "one array": lambda wrong: (lambda theta, x: one_array(theta, x, wrong), W[:, 0], X),
}


def _dict(p: Any, x: Any, y: Any, wrong: float) -> Any:
    loss, dw, db = parts(p["W"], p["b"], x, y, wrong)
    return loss, {"W": dw, "b": db}


def _pair(p: Any, x: Any, y: Any, wrong: float) -> Any:
    loss, *grads = parts(*p, x, y, wrong)
    return loss, tuple(grads)


def _nested(p: Any, x: Any, y: Any, wrong: float) -> Any:
    loss, dw, db = parts(p["dense"]["W"], p["b"], x, y, wrong)
    return loss, {"dense": {"W": dw}, "b": db}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("wrong", "verdict"), [(0.0, "right"), (1e-7, "wrong")])
def test_every_structure_of_parameters(style: str, wrong: float, verdict: str) -> None:
    report = check_loss(*STYLES[style](wrong))
    assert report.verdict == verdict, report


def in_place(net: Net) -> list[tuple[Any, Any]]:
    return [(net.loss, net.params), (net.grads_by_d, {"W": net.W, "b": net.b})]


@pytest.mark.parametrize("which", [0, 1], ids=["a dict of the object", "attributes of the object"])
@pytest.mark.parametrize(("wrong", "verdict"), [(0.0, "right"), (1e-7, "wrong")])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parameters_in_place(which: int, wrong: float, verdict: str, dtype: Any) -> None:
    net = Net()
    net.wrong = wrong * (1 if dtype == np.float64 else 1e6)
    net.params.update(W=W.astype(dtype), b=B.astype(dtype))
    net.W, net.b = net.params["W"], net.params["b"]
    kept, values = net.W, net.W.copy()
    function, params = in_place(net)[which]
    report = check_loss(function, params, X.astype(dtype), Y.astype(dtype), in_place=True)
    assert report.verdict == verdict, report
    assert report.examined.startswith("in float64: parameters that are moved in place keep their dtype")
    assert net.W is net.params["W"] is kept
    assert net.W.tobytes() == values.tobytes()
    assert "seen" not in vars(net)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("after", [1, 4, 30])
def test_after_an_exception_the_parameters_are_as_before(error: type[BaseException], after: int) -> None:
    net = Net()
    net.params["W"][0, 0] = -0.0
    before = {name: (id(array), array.tobytes()) for name, array in net.params.items()}

    def loss(x: Any, y: Any) -> Any:
        net.params["b"] += 1  # something of its own, too
        if next(countdown, None) is None:
            raise error("in the middle")
        net.params["b"] -= 1
        return net.loss(x, y)

    countdown = iter(range(after))
    with contextlib.suppress(UserError, error):  # a step that raises is one that is not taken: not each of them is the end
        check_loss(loss, net.params, X, Y, in_place=True)
    assert {name: (id(array), array.tobytes()) for name, array in net.params.items()} == before


def test_returned_parameters_themselves_are_no_moving_target() -> None:
    """d/dw of w.w/2 is w: the very array that is put back."""
    w = W.copy()
    assert check_loss(lambda: (0.5 * (w * w).sum(), {"w": w}), {"w": w}, in_place=True).ok


def test_copies_of_the_parameters_are_told() -> None:
    net = Net()
    report = check_loss(net.loss, {name: array.copy() for name, array in net.params.items()}, X, Y, in_place=True)
    assert report.verdict == "wrong"
    assert any("does not read" in finding.message for finding in report)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_loss(lambda p: p.sum(), W), "what the function returns is a float64; wanted .loss, gradients."),
        (lambda: check_loss(lambda p: None, W), "what the function returns is None.*return"),
        (
            lambda: check_loss(lambda p: (p, p), W),
            "the loss is an array of float64, shape .3, 2.; wanted one float. Sum or average",
        ),
        (lambda: check_loss(lambda p: (3, p), W), "the loss is an int; wanted one float"),
        (lambda: check_loss(lambda: (1.0, {}), {"w": 0.5}, in_place=True), "w in params is a number; wanted an array"),
        (lambda: check_loss(lambda p, x: (1.0, p), W), "params and data is 1 value"),
        (lambda: check_loss(lambda p: (1.0, p), W, X), "params and data is 2 values"),
        (lambda: check_loss(3, W), "function is an int; wanted a function"),
        (lambda: check_loss(lambda p: (p.sum(), p), W, wrt="V"), "wrt is 'V'; wanted names of parameters, of p"),
        (lambda: check_loss(lambda p: (p.sum(), p), W, in_place="yes"), "in_place is a str; wanted True or False"),
        (lambda: check_loss(lambda p: (p["W"].sum(), [p["W"]]), {"W": W}), "the gradient of W"),
    ],
)
def test_a_wrong_use_is_told(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadCall, match=message):
        call()


def test_got_and_truth_are_the_numbers_that_the_user_has() -> None:
    """A loss comes with its gradients: they are not multiplied by a cotangent."""
    w = np.array([1.0, 2.0, 3.0])
    finding = check_loss(lambda w: ((w**2).sum() / 2, 3 * w), w)["dw"]
    assert finding.got == 3 * w[finding.index]


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (8, "wrong")])
def test_complex_numbers_are_data(factor: int, verdict: str) -> None:
    def loss(x: Any, spectrum: Any) -> Any:
        error = np.fft.fft(x) - spectrum
        return 0.5 * (np.abs(error) ** 2).mean(), factor * np.fft.ifft(error).real

    rng = np.random.default_rng(0)
    assert check_loss(loss, rng.normal(size=8), rng.normal(size=8) + 1j * rng.normal(size=8)).verdict == verdict


def test_a_gradient_that_is_missing_is_asked_for() -> None:
    def loss(p: Any) -> Any:
        return float((p["a"] ** 2 + p["rate"] * p["b"] ** 2).sum()), {"a": 2 * p["a"]}

    params = {"a": np.ones(2), "b": np.ones(2), "unused": np.ones(2), "rate": 0.1}
    report = check_loss(loss, params)
    assert (report.verdict, report["db"].verdict) == ("cannot tell", "cannot tell")
    assert "The loss depends on b, and no gradient came for it" in report["db"].message
    assert (report["dunused"].verdict, report["drate"].verdict) == ("note", "note")
    assert check_loss(loss, params, wrt=["a"]).ok
