# ruff: noqa: E501 - one row to a use reads as a table
"""Further wrong uses, of `check_loss` above all: each message names the argument, what came, what was wanted, and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check, check_loss
from gradwitness.report.report import Report
from gradwitness.subjects.errors import BadCall

X, Y, P = np.random.default_rng(1).normal(size=(4, 3)), np.ones(4), {"w": np.ones(3)}
READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False


def loss(params: Any, x: Any, y: Any) -> Any:
    error = x @ params["w"] - y
    return float((error * error).sum()), {"w": 2 * x.T @ error}


def returns(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The loss with another result."""
    return lambda params, x, y: change(*loss(params, x, y))


def double(x: Any) -> Any:
    return 2 * x


def halve(dout: Any, x: Any) -> Any:  # noqa: ARG001 - a backward takes the input, needed or not
    return 2 * dout


class Empty:
    """An object without arrays."""


class Tensor:
    """Stands for a tensor of a framework; `Layer` for a module that a user derives."""

    __module__ = "torch"
    shape, dtype = (2, 3), "torch.float32"

    def __call__(self, x: Any) -> Any:
        return x


class Layer(Tensor):
    __module__ = "mine"


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "params before the function": (lambda: check_loss(P, loss, X, Y), r"function is a dict; wanted a function\. The order is check_loss\(function, params, \*data\)"),
    "a result for the function": (lambda: check_loss(loss(P, X, Y), P, X, Y), r"function is a tuple; wanted a function"),
    "inputs before the functions": (lambda: check((X,), double, halve), r"forward is a tuple; wanted a function\. The order is check\(forward, backward, inputs\)"),
    "data forgotten": (lambda: check_loss(loss, P), r"params and data is 1 value \(a dict\).*missing a required argument: 'x'\. Data follows params, one by one"),
    "data in a tuple": (lambda: check_loss(loss, P, (X, Y)), r"params and data is 2 values.*one by one: check_loss\(function, params, x, y\)"),
    "data too many": (lambda: check_loss(loss, P, X, Y, 3), r"params and data is 4 values.*too many positional"),
    "the loss alone": (lambda: check_loss(returns(lambda value, _: value), P, X, Y), r"what the function returns is a float; wanted \(loss, gradients\).*Return the gradients beside the loss"),
    "nothing": (lambda: check_loss(returns(lambda _, __: None), P, X, Y), r"what the function returns is None.*return\?"),
    "gradients first": (lambda: check_loss(returns(lambda value, g: (g, value)), P, X, Y), r"the loss is a dict; wanted one float"),
    "one gradient first": (lambda: check_loss(lambda w: (2 * w, (w**2).sum()), X), r"the loss is an array.*The loss comes first: return loss, gradients"),
    "a forward and a backward": (lambda: check_loss(double, halve, X), r"params is a function; wanted an array.*there is check\(forward, backward, inputs\)"),
    "a loss for each row": (lambda: check_loss(returns(lambda _, g: (np.ones(4), g)), P, X, Y), r"the loss is an array of float64, shape \(4,\); wanted one float\. Sum or average"),
    "predictions behind": (lambda: check_loss(returns(lambda value, g: (value, g, X)), P, X, Y), r"what the function returns is 3 values; wanted \(loss, gradients\).*Leave out"),
    "gradients of other names": (lambda: check_loss(returns(lambda value, g: (value, {"v": g["w"]})), P, X, Y), r"the gradient of w is missing, and there is 'v'; wanted an entry 'w'"),
    "a list for a dict": (lambda: check_loss(returns(lambda value, g: (value, [g["w"]])), P, X, Y), r"the gradient of w is an array.*wanted an entry 'w'"),
    "integer params": (lambda: check_loss(loss, {"w": np.ones(3, int)}, X, Y), r"params is without any floats"),
    "params an object": (lambda: check_loss(loss, Empty(), X, Y), r"params is without any floats.*in_place=True"),
    "params a generator": (lambda: check_loss(loss, (w for w in (1.0,)), X, Y), r"params is a generator, which can be read once"),
    "in place, read-only": (lambda: check_loss(lambda x: (1.0, [x]), [READ_ONLY], X, in_place=True), r"read-only; wanted one that can be moved in place\. Set array\.flags"),
    "a seed of None": (lambda: check_loss(loss, P, X, Y, seed=None), r"seed is None; wanted a whole number"),
    "inputs a generator": (lambda: check(double, halve, (x for x in (X,))), r"inputs is a generator, which can be read once; wanted a tuple.*tuple\(inputs\)"),
    "inputs a zip": (lambda: check(double, halve, zip([X], strict=True)), r"inputs is a zip, which can be read once"),
    "inputs bytes": (lambda: check(double, halve, b"x"), r"inputs is a bytes; wanted a tuple"),
    "a list of whole numbers": (lambda: check(double, halve, ([1, 2],)), r"inputs is without any floats \(x: a list\).*np\.asarray\(x, float\)"),
    "a structured array": (lambda: check(double, halve, (np.zeros(3, [("a", float)]),)), r"inputs is without any floats"),
    "dates": (lambda: check(double, halve, (np.array(["2020"], "M8[Y]"),)), r"inputs is without any floats"),
    "a tensor returned": (lambda: check(lambda x: Tensor(), halve, (X,)), r"what forward returns is a Tensor of torch.*out\.detach\(\)\.numpy\(\)\. Or see check_function"),
    "a module of a framework": (lambda: check(Layer(), halve, (X,)), r"forward is a Layer of torch; wanted a function of NumPy arrays\. See check_function"),
    "a set returned": (lambda: check(lambda x: {1.0}, halve, (X,)), r"what forward returns is a set"),
    "one tuple too many": (lambda: check(lambda x, w: x * w, lambda d, x, w: ((d, d),), (X, X)), r"what backward returns is 1 gradient; wanted 2 gradients"),
}  # fmt: skip


@pytest.mark.parametrize("use", BAD)
def test_a_wrong_use_gets_its_message(use: str) -> None:
    call, message = BAD[use]
    with pytest.raises(BadCall, match=r"^.+ is .+; wanted .+") as caught:
        call()
    assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)


GOOD: dict[str, Callable[[], Report]] = {
    "0-d": lambda: check(double, halve, (np.array(1.5),)),
    "a number of NumPy": lambda: check(double, halve, (np.float32(1.5),)),
    "read-only": lambda: check(double, halve, (READ_ONLY,)),
    "not contiguous": lambda: check(double, halve, (np.arange(48.0).reshape(6, 8)[::2, ::3],)),
    "broadcast": lambda: check(double, halve, (np.broadcast_to(1.5, (3, 4)),)),
    "big-endian": lambda: check(double, halve, (X.astype(">f8"),)),
    "values of a dict": lambda: check(double, halve, {"x": X}.values()),
    "an empty array beside": lambda: check(lambda x, y: 2 * x, lambda d, x, y: (2 * d, np.zeros_like(y)), (X, np.zeros((0, 3)))),
    "a loss of shape (1,)": lambda: check_loss(returns(lambda value, g: (np.array([value]), g)), P, X, Y),
    "Python's own scalar gradient": lambda: check(lambda x: 3.0 * float(x), lambda d, x: 3.0 * float(d), (1.5,)),
}  # fmt: skip


@pytest.mark.parametrize("use", GOOD)
def test_an_unusual_input_is_taken(use: str) -> None:
    report = GOOD[use]()
    assert report.ok, report


def test_a_missing_gradient_is_no_wrong_use() -> None:
    def both(params: Any, x: Any) -> Any:
        return float((x * params["w"]).sum() + params["b"]), {"w": x}

    assert check_loss(both, {"w": np.ones(3), "b": 1.0}, X[0])["db"].verdict == "note"
