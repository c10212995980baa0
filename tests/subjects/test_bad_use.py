# ruff: noqa: E501 - one row to a use reads as a table
"""What a wrong use gets: a message that names the argument, what came, what was wanted, and the cure."""

from __future__ import annotations

import functools
import re
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.subjects.errors import BadCall, UserError

X, W = np.random.default_rng(1).normal(size=(4, 3)), np.random.default_rng(2).normal(size=(3, 2))
NAN, INF = X.copy(), X.copy()
NAN[1, 2], INF[0, 0] = np.nan, -np.inf


def product(x: Any, w: Any) -> Any:
    return x @ w


def gradients(dout: Any, x: Any, w: Any) -> Any:
    return dout @ w.T, x.T @ dout


def double(x: Any) -> Any:
    return 2 * x


def halve(dout: Any, x: Any) -> Any:  # noqa: ARG001 - a backward takes the input, needed or not
    return 2 * dout


class Tensor:
    """Stands for a tensor of a framework."""

    __module__ = "torch"
    shape, dtype = (2, 3), "torch.float32"


class JaxArray(Tensor):
    """Another one."""

    __module__ = "jaxlib.xla"


class Frame:
    """Stands for a data frame."""


class Layer:
    """A class, where an object was meant."""

    def forward(self, x: Any) -> Any:
        return x


async def later(x: Any) -> Any:
    return x


def returns(value: Any) -> Callable[..., Any]:
    """A backward of double that returns this."""
    return lambda dout, x: value(dout, x) if callable(value) else value


def fails(x: Any) -> Any:
    rows = x.shape[0]
    return x / [1, 2, 3, 4, 5][rows + 100]


def fails_in_numpy(x: Any) -> Any:
    return np.linalg.solve(x, np.ones(7))


def fails_backward(dout: Any, x: Any) -> Any:
    return dout @ x


def yields(x: Any) -> Any:
    yield 2 * x


def kept(x: Any, w: Any) -> Any:
    return x @ w, (x, w)


def by_labels(labels: Any, cache: Any) -> Any:
    return np.eye(3)[labels] - cache[0]


def cache_first(cache: Any, dout: Any) -> Any:
    return dout @ cache[1].T, cache[0].T @ dout


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    # functions
    "forward called": (lambda: check(double(X), halve, (X,)), r"forward is an array of float64, shape \(4, 3\); wanted a function.*not forward"),
    "backward called": (lambda: check(double, halve(X, X), (X,)), r"backward is an array.*wanted a function\. Give the function itself: backward"),
    "forward called, with a cache": (lambda: check((double(X), X), halve, (X,)), r"forward is a tuple.*the functions themselves: forward, not forward\(\.\.\.\)"),
    "a method without its object": (lambda: check(Layer.forward, halve, (X,)), r"inputs is for forward\(self, x.*a method without its object; wanted a method of an object.*Layer\(\)\.forward"),
    "backward forgotten": (lambda: check(double, None, (X,)), r"backward is None; wanted a function"),
    "inputs in place of backward": (lambda: check(double, (X,), halve), r"backward is a tuple; wanted a function"),
    "a class": (lambda: check(Layer, halve, (X,)), r"forward is the class Layer; wanted a function\. Make an object.*Layer\(\)\.forward"),
    "a coroutine": (lambda: check(later, halve, (X,)), r"forward is a coroutine function.*async away"),
    "a name": (lambda: check("double", halve, (X,)), r"forward is a str; wanted a function"),
    "forward and backward swapped": (lambda: check(gradients, product, (X, W)), r"inputs is 2 values .*wanted what gradients.*missing a required"),
    "a backward of nothing": (lambda: check(double, lambda: 1, (X,)), r"backward is a function that takes nothing by position; wanted backward"),
    "a backward of keywords": (lambda: check(double, lambda *, dout: dout, (X,)), r"backward is a function that takes nothing by position"),
    "a backward of too many": (lambda: check(product, lambda d, a, b, c: d, (X, W)), r"backward is a function of 4 values \(d, a, b, c\).*Forward takes 2 inputs and returns one value"),
    "a cache that is not there": (lambda: check(product, lambda dout, cache: cache, (X, W)), r"backward is a function of 2 values \(dout, cache\).*returns one value"),
    "cached, and no cache": (lambda: check(product, lambda dout, cache: cache, (X, W), cached=True), r"backward is.*cached=True says that forward returns \(out, cache\); it returns one value"),
    "not cached, and a cache": (lambda: check(lambda x, w: (x @ w, {}), lambda d, c: c, (X, W), cached=False), r"backward is.*cached=False says that backward takes dout and the inputs"),
    "both ways": (lambda: check(lambda x: (x * 1, x * 2), lambda a, b: b if isinstance(a, tuple) else a, (X,)), r"cached is not given.*wanted True or False"),
    # inputs
    "no inputs": (lambda: check(double, halve, ()), r"inputs is 0 values \(none\); wanted what double\(x: 'Any'\).*missing a required argument: 'x'"),
    "too few inputs": (lambda: check(product, gradients, (X,)), r"inputs is 1 value.*missing a required argument: 'w'. Give one value for each"),
    "too many inputs": (lambda: check(double, halve, (X, W)), r"inputs is 2 values.*too many positional"),
    "None": (lambda: check(double, halve, None), r"inputs is None; wanted a tuple of what forward takes"),
    "a string": (lambda: check(double, halve, "x"), r"inputs is a str; wanted a tuple"),
    "a set": (lambda: check(double, halve, {1.0}), r"inputs is a set; wanted a tuple"),
    "integers only": (lambda: check(double, halve, (np.arange(3),)), r"inputs is without any floats \(x: an array of int64, shape \(3,\)\).*x\.astype\(float\)"),
    "an integer": (lambda: check(double, halve, 3), r"inputs is without any floats \(x: an int\)"),
    "booleans only": (lambda: check(double, halve, (np.ones(3, bool),)), r"inputs is without any floats \(x: an array of bool"),
    "numbers as objects": (lambda: check(double, halve, (X.astype(object),)), r"x is an array of object, shape \(4, 3\); wanted an array of floats\. Convert it: x\.astype\(float\)"),
    "objects only": (lambda: check(double, halve, (np.array([1.0, None], object),)), r"inputs is without any floats \(x: an array of object"),
    "text only": (lambda: check(double, halve, (np.array(["1.0"]),)), r"inputs is without any floats"),
    "a data frame only": (lambda: check(double, halve, (Frame(),)), r"inputs is without any floats \(x: a Frame\)"),
    "an object only": (lambda: check(double, halve, (Layer(),)), r"inputs is without any floats \(x: a Layer\).*An object is data: hand over its arrays"),
    "integers by name": (lambda: check(product, gradients, {"x": np.arange(3), "w": 1}), r"inputs is without any floats"),
    "a name that forward has not": (lambda: check(product, gradients, {"x": X, "weight": W}), r"inputs is 1 value \(a dict\).*missing a required argument"),
    "a name too few": (lambda: check(product, gradients, {"x": X}), r"inputs is 0 values.*missing a required argument: 'w'"),
    "complex": (lambda: check(double, halve, (X + 1j,)), r"x is an array of complex128, shape \(4, 3\); wanted real floats\. Give the real and the imaginary part"),
    "a complex number": (lambda: check(product, gradients, (X, 1j)), r"w is a complex; wanted real floats"),
    "torch": (lambda: check(double, halve, (Tensor(),)), r"x is a Tensor of torch; wanted NumPy arrays\. Convert it: x\.detach\(\)\.numpy\(\)"),
    "torch in a dict": (lambda: check(double, halve, ({"w": Tensor()},)), r"x\[w\] is a Tensor of torch; wanted NumPy arrays"),
    "jax": (lambda: check(double, halve, (JaxArray(),)), r"x is a JaxArray of jaxlib; wanted NumPy arrays\. Convert it: np\.asarray"),
    "a masked array": (lambda: check(double, halve, (np.ma.masked_less(X, 0),)), r"x is a masked array; wanted a plain array\. Fill it"),
    "a matrix": (lambda: check(double, halve, (X.view(np.matrix),)), r"x is a np\.matrix; wanted an array\. Convert it: np\.asarray"),
    "a generator": (lambda: check(double, halve, ((row for row in X),)), r"x is a generator, which can be read once; wanted values that can be read again\. Make a list"),
    "an iterator beside arrays": (lambda: check(product, gradients, (X, iter(W))), r"w is an? .*iterator, which can be read once"),
    "empty": (lambda: check(double, halve, (np.zeros((0, 3)),)), r"inputs is without any element \(x: an array of float64, shape \(0, 3\)\); wanted arrays with elements"),
    "nan": (lambda: check(double, halve, (NAN,)), r"x is nan at x\[1, 2\]; wanted finite numbers\. If it is data.*wrt"),
    "inf": (lambda: check(double, halve, (INF,)), r"x is -inf at x\[0, 0\]; wanted finite numbers"),
    "nan in a Python float": (lambda: check(double, halve, (float("nan"),)), r"x is nan at x; wanted finite numbers"),
    # static
    "static is no dict": (lambda: check(double, halve, (X,), 3), r"static is an int; wanted a dict of keyword arguments"),
    "inputs one by one": (lambda: check(product, gradients, X, W), r"static is an array of float64.*Several inputs stand in one tuple: \(x, weight\)"),
    "static is a function": (lambda: check(double, halve, (X,), double), r"static is a function; wanted a dict"),
    "static by numbers": (lambda: check(double, halve, (X,), {1: 2}), r"static is a dict; wanted a dict of keyword arguments by their names"),
    "static that nobody takes": (lambda: check(double, halve, (X,), {"eps": 1e-5}), r"static is with 'eps'; wanted keyword arguments of forward or backward: x"),
    "static that clashes": (lambda: check(product, gradients, (X, W), {"w": W}), r"static is with 'w', which inputs has already.*Take 'w' out of one"),
    "static that is a tensor": (lambda: check(double, lambda d, x, *, w: d, (X,), {"w": Tensor()}), r"static\['w'\] is a Tensor of torch"),
    # options
    "wrt unknown": (lambda: check(product, gradients, (X, W), wrt=("v",)), r"wrt is 'v'; wanted names or positions of inputs with floats, of x, w"),
    "wrt out of range": (lambda: check(product, gradients, (X, W), wrt=5), r"wrt is 5; wanted names or positions"),
    "wrt without floats": (lambda: check(lambda x, n: x * n, halve, (X, 3), wrt="n"), r"wrt is 'n', which has no floats; wanted"),
    "wrt empty": (lambda: check(double, halve, (X,), wrt=()), r"wrt is empty; wanted at least one input"),
    "wrt an array": (lambda: check(double, halve, (X,), wrt=X), r"wrt is an array of float64.*wanted names or positions"),
    "wrt a boolean": (lambda: check(double, halve, (X,), wrt=True), r"wrt is a bool; wanted names or positions"),
    "wrt with arrays": (lambda: check(double, halve, (X,), wrt=[X]), r"wrt is a collection with an array.*wanted names or positions"),
    "cached as text": (lambda: check(double, halve, (X,), cached="yes"), r"cached is 'yes'; wanted True, False or None"),
    "cached as a number": (lambda: check(double, halve, (X,), cached=1), r"cached is 1; wanted True, False or None"),
    "names as text": (lambda: check(product, gradients, (X, W), names="xw"), r"names is 'xw'; wanted 2 different names"),
    "names too few": (lambda: check(product, gradients, (X, W), names=["x"]), r"names is \['x'\]; wanted 2 different names, one for each input"),
    "names twice": (lambda: check(product, gradients, (X, W), names=["x", "x"]), r"names is \['x', 'x'\]; wanted 2 different names"),
    "names that are numbers": (lambda: check(product, gradients, (X, W), names=[0, 1]), r"names is \[0, 1\]; wanted 2 different names"),
    "names that are one number": (lambda: check(product, gradients, (X, W), names=3), r"names is 3; wanted 2 different names"),
    "a seed of text": (lambda: check(double, halve, (X,), seed="0"), r"seed is '0'; wanted a whole number that is not negative"),
    "a negative seed": (lambda: check(double, halve, (X,), seed=-1), r"seed is -1; wanted a whole number"),
    "a seed of 0.5": (lambda: check(double, halve, (X,), seed=0.5), r"seed is 0\.5; wanted a whole number"),
    # what forward returns
    "forward returns nothing": (lambda: check(lambda x: None, halve, (X,)), r"what forward returns is None; wanted a float, an array.*return\?"),
    "forward returns text": (lambda: check(lambda x: "out", halve, (X,)), r"what forward returns is a str; wanted a float"),
    "forward returns integers": (lambda: check(lambda x: x.astype(int), halve, (X,)), r"what forward returns is an array of int64.*integers\?"),
    "forward returns an integer": (lambda: check(lambda x: int(x.sum()), halve, (X,)), r"what forward returns is an int; wanted a float"),
    "forward returns complex": (lambda: check(np.fft.fft, halve, (X,)), r"what forward returns is an array of complex128.*wanted a float.*Return the real and the imaginary part as two arrays"),
    "forward is a generator": (lambda: check(yields, halve, (X,)), r"what forward returns is a generator.*It has a yield: collect the values"),
    "forward returns a function": (lambda: check(lambda x: double, halve, (X,)), r"what forward returns is a function"),
    "forward returns an empty tuple": (lambda: check(lambda x: (), halve, (X,)), r"what forward returns is a tuple; wanted a float"),
    # what backward returns
    "backward returns nothing": (lambda: check(double, returns(lambda d, x: None), (X,)), r"what backward returns is None; wanted the gradients of x\. Does it end with return\?"),
    "too many gradients": (lambda: check(product, lambda d, x, w: (d, d, d), (X, W)), r"what backward returns is 3 gradients; wanted 2 gradients, one for each of x, w"),
    "one gradient for two": (lambda: check(product, lambda d, x, w: d, (X, W)), r"what backward returns is an array of float64, shape \(4, 2\); wanted 2 gradients"),
    "gradients of other names": (lambda: check(product, lambda d, x, w: {"a": d, "b": d}, (X, W)), r"what backward returns is a dict with 'a', 'b'; wanted 2 gradients.*names of the inputs"),
    "a complex gradient": (lambda: check(double, returns(lambda d, x: 2j * d), (X,)), r"the gradient of x is an array of complex128.*wanted an array of floats, shape \(4, 3\)\. Take its real part"),
    "a gradient of text": (lambda: check(double, returns("dx"), (X,)), r"the gradient of x is a str; wanted an array of floats"),
    "a gradient of objects": (lambda: check(double, returns(lambda d, x: np.array([d, None], object)), (X,)), r"the gradient of x is an array of object"),
    "a jagged gradient": (lambda: check(product, lambda d, x, w: ([[1.0], [1.0, 2.0]], d), (X, W)), r"the gradient of x is a list that makes no array.*one length\?"),
    "a function for a gradient": (lambda: check(double, returns(lambda d, x: double), (X,)), r"the gradient of x is a function of objects; wanted"),
    "a list for a dict": (lambda: check(lambda p: p["w"] * 2, lambda d, p: [2 * d], ({"w": W},)), r"the gradient of p\[w\] is an array of float64.*wanted an entry 'w', as the input has"),
}  # fmt: skip


@pytest.mark.parametrize("use", BAD)
def test_a_wrong_use_gets_its_message(use: str) -> None:
    call, message = BAD[use]
    with pytest.raises(BadCall) as caught:
        call()
    assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)


@pytest.mark.parametrize("use", BAD)
def test_a_message_says_what_came_and_what_was_wanted(use: str) -> None:
    with pytest.raises(BadCall, match=r"^.+ is .+; wanted .+"):
        BAD[use][0]()


def test_the_table_has_at_least_sixty_uses() -> None:
    assert len(BAD) >= 60


RAISES: dict[str, tuple[Callable[[], Any], str]] = {
    "forward": (lambda: check(fails, halve, (X,)), r"forward raised IndexError: list index out of range \(test_bad_use.py, line \d+: return x / \[1, 2"),
    "forward, in NumPy": (lambda: check(fails_in_numpy, halve, (X,)), r"forward raised LinAlgError: .* \(test_bad_use.py, line \d+: return np.linalg.solve"),
    "backward": (lambda: check(double, fails_backward, (X,)), r"backward raised ValueError: matmul.* \(test_bad_use.py, line \d+: return dout @ x"),
    "forward and backward swapped": (lambda: check(double_of_three, double, (X,)), r"forward raised ValueError.*Backward takes these inputs\. The order is check\(forward, backward, inputs\)"),
    "the cache first": (lambda: check(kept, cache_first, (X, W)), r"backward raised .*the other way round\. dout comes first: backward\(dout, cache\)"),
    "a gradient without dout": (lambda: check(lambda x: np.sum(np.sum(x, axis=1) ** 2), lambda x: 2 * np.sum(x, axis=1, keepdims=True) + 0 * x, (X,)), r"works on the inputs alone: let it take dout before them"),
    "an option for the cache": (lambda: check(lambda x: (x @ W, np.ones((2, 2))), lambda dout, rate: (dout @ W.T).reshape(rate), (X,)), r"called as backward.*so that was rate\. An option goes into static, as in static=\{'rate'"),
    "labels where dout comes": (lambda: check(kept, by_labels, (X, W)), r"first argument is called labels, and dout came there.*check_loss"),
    "a generator": (lambda: check(double, lambda d, x: (1 / 0 for _ in "x"), (X,)), r"backward raised ZeroDivisionError"),
    "text where a number is wanted": (lambda: check(lambda x, n: x * len(n), lambda d, x, n: d, (X, 3)), r"forward raised TypeError: object of type 'int' has no len"),
    "shapes that do not fit": (lambda: check(product, gradients, (X, X)), r"forward raised ValueError: matmul.*return x @ w"),
    "a wrapped function": (lambda: check(functools.partial(fails), halve, (X,)), r"line \d+: return x / \[1, 2"),
    "an assertion": (lambda: check(_asserts, halve, (X,)), r"forward raised AssertionError: .* \(test_bad_use.py, line"),
}  # fmt: skip


def double_of_three(x: Any) -> Any:
    return 2 * x.reshape(3, 3)


def _asserts(x: Any) -> Any:
    assert x.ndim == 7
    return x


@pytest.mark.parametrize("use", RAISES)
def test_an_exception_of_the_users_is_told_as_theirs(use: str) -> None:
    call, message = RAISES[use]
    with pytest.raises(UserError, match=f"(?s){message}") as caught:
        call()
    assert isinstance(caught.value.__cause__, caught.value.error.__class__)


@pytest.mark.parametrize("use", RAISES)
def test_its_own_traceback_is_there(use: str) -> None:
    with pytest.raises(UserError) as caught:
        RAISES[use][0]()
    frames = traceback.extract_tb(caught.value.error.__traceback__)
    assert any("test_bad_use" in frame.filename for frame in frames)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "a scalar for an array": (lambda: check(double, lambda d, x: d.sum(), (X,)), r"Its shape is \(\); wanted \(4, 3\), the shape of x"),
    "transposed": (lambda: check(product, lambda d, x, w: (d @ w.T, (x.T @ d).T), (X, W)), r"Its shape is \(2, 3\); wanted \(3, 2\), the shape of w"),
    "an axis too many": (lambda: check(lambda x, b: x + b, lambda d, x, b: (d, d), (X, X[0])), r"Its shape is \(4, 3\); wanted \(3,\).*summed in backward"),
    "a comma too many": (lambda: check(double, lambda d, x: ((2 * d,),), (X,)), r"Its shape is \(1, 4, 3\); wanted \(4, 3\), the shape of x$"),
    "swapped gradients": (lambda: check(product, lambda d, x, w: gradients(d, x, w)[::-1], (X, W)), r"Its shape is"),
    "nan": (lambda: check(double, lambda d, x: d * np.nan, (X,)), r"nan or inf where forward is finite"),
    "inf": (lambda: check(double, lambda d, x: d / 0, (X,)), r"nan or inf where forward is finite"),
}  # fmt: skip


@pytest.mark.parametrize("use", WRONG)
def test_a_gradient_that_cannot_be_one_is_wrong(use: str) -> None:
    call, message = WRONG[use]
    report = call()
    assert report.verdict == "wrong"
    assert any(re.search(message, finding.message) for finding in report), report
