"""What people hand over: every style of forward, backward, inputs and gradients is taken as it is."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.subjects.errors import BadCall

RNG = np.random.default_rng(7)
X, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


def gradients(dout: Any, x: Any, w: Any) -> tuple[Any, Any]:
    """Of tanh(x @ w)."""
    z = dout * (1 - np.tanh(x @ w) ** 2)
    return z @ w.T, x.T @ z


def tanh(x: Any, w: Any) -> Any:
    return np.tanh(x @ w)


def remembers(x: Any, w: Any) -> Any:
    return np.tanh(x @ w), (x, w)


class Net:
    """A layer that remembers its last input."""

    def __init__(self) -> None:
        self.w = W.copy()

    def forward(self, x: Any) -> Any:
        self.x = x
        return tanh(x, self.w)

    def backward(self, dout: Any) -> Any:
        dx, self.dw = gradients(dout, self.x, self.w)
        return dx

    def with_cache(self, x: Any) -> Any:
        return tanh(x, self.w), x

    def from_cache(self, dout: Any, cache: Any) -> Any:
        return gradients(dout, cache, self.w)[0]

    __call__ = forward


class Backward:
    """An object that is called."""

    def __call__(self, dout: Any, cache: Any) -> Any:
        return gradients(dout, *cache)


def scaled(x: Any, w: Any, *, scale: float) -> Any:
    return scale * tanh(x, w), (x, w)


def scaled_gradients(dout: Any, cache: Any, *, scale: float) -> Any:
    return gradients(scale * dout, *cache)


def yields(dout: Any, x: Any, w: Any) -> Iterator[Any]:
    yield from gradients(dout, x, w)


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def closure() -> tuple[Callable[..., Any], Callable[..., Any]]:
    kept: dict[str, Any] = {}

    def forward(x: Any, w: Any) -> Any:
        kept["x"], kept["w"] = x, w
        return tanh(x, w)

    return forward, lambda dout: gradients(dout, kept["x"], kept["w"])


def lstm_like(x: Any, w: Any) -> Any:
    return tanh(x, w), x @ w, (x, w)


def lstm_like_backward(dh: Any, dc: Any, cache: Any) -> Any:
    x, w = cache
    first, second = gradients(dh, x, w)
    return first + dc @ w.T, second + x.T @ dc


def two(x: Any, w: Any) -> Any:
    return tanh(x, w), x @ w


def two_backward(douts: Any, x: Any, w: Any) -> Any:
    return lstm_like_backward(*douts, (x, w))


def sums(x: Any) -> Any:
    return x.sum(axis=0), x


ARRAYS = (X, W)
STYLES: dict[str, tuple[Any, ...]] = {
    "a cache": (remembers, lambda dout, cache: gradients(dout, *cache), ARRAYS),
    "a cache of another name": (remembers, lambda up, stuff: gradients(up, *stuff), ARRAYS),
    "the inputs": (tanh, gradients, ARRAYS),
    "the inputs, starred": (tanh, lambda dout, *args: gradients(dout, *args), ARRAYS),
    "a starred cache": (remembers, lambda dout, *saved: gradients(dout, *saved[0]), ARRAYS),
    "the inputs, though there is a cache": (remembers, gradients, ARRAYS),
    "caches one by one": (lambda x, w: (tanh(x, w), x, w), lambda dout, x, w: gradients(dout, x, w), ARRAYS),
    "an object": (Net().forward, Net().backward, None),
    "a closure": (*closure(), ARRAYS),
    "a list returned": (lambda x, w: [tanh(x, w), (x, w)], lambda dout, cache: gradients(dout, *cache), ARRAYS),
    "two outs and a cache, one by one": (lstm_like, lstm_like_backward, ARRAYS),
    "two outs and a cache": (lstm_like, lambda douts, cache: lstm_like_backward(*douts, cache), ARRAYS),
    "two outs": (two, two_backward, ARRAYS),
    "two outs, one by one": (two, lambda dh, dc, x, w: lstm_like_backward(dh, dc, (x, w)), ARRAYS),
    "a dict of outs": (
        lambda x, w: {"h": tanh(x, w), "n": 3},
        lambda dout, x, w: gradients(dout["h"], x, w),
        ARRAYS,
    ),
    "outs with integers": (
        lambda x, w: (tanh(x, w), (x @ w).argmax(axis=1)),
        lambda dout, x, w: gradients(dout[0] if isinstance(dout, tuple) else dout, x, w),
        ARRAYS,
    ),
    "a namedtuple of outs": (
        lambda x, w: namedtuple("Outs", "h z")(*two(x, w)),
        lambda dout, x, w: lstm_like_backward(dout.h, dout.z, (x, w)),
        ARRAYS,
    ),
    "a generator": (tanh, yields, ARRAYS),
    "a list of gradients": (tanh, lambda dout, x, w: list(gradients(dout, x, w)), ARRAYS),
    "a dict by name": (tanh, lambda dout, x, w: dict(zip("xw", gradients(dout, x, w), strict=True)), ARRAYS),
    "a dict with d": (tanh, lambda dout, x, w: dict(zip(["dw", "dx"], gradients(dout, x, w)[::-1], strict=True)), ARRAYS),
    "None for data": (tanh, lambda dout, x, w: (None, gradients(dout, x, w)[1]), ARRAYS),
    "one input, its gradient": (lambda x: x**3, lambda dout, x: dout * 3 * x**2, (X,)),
    "one input, a tuple": (lambda x: x**3, lambda dout, x: (dout * 3 * x**2,), (X,)),
    "one input, a cache": (lambda x: (x**3, x), lambda dout, cache: dout * 3 * cache**2, (X,)),
    "one input, a cache of no telling name": (lambda x: (x**3, 3 * x**2), lambda dout, z: dout * z, (X,)),
    "one input, one array": (lambda x: x**3, lambda dout, x: dout * 3 * x**2, X),
    "one input, by name": (lambda x: x**3, lambda dout, x: dout * 3 * x**2, {"x": X}),
    "one input, two outs": (lambda x: (x**3, x * 2), lambda dout, x: dout[0] * 3 * x**2 + 2 * dout[1], (X,)),
    "by any name": (lambda **kw: tanh(kw["x"], kw["w"]), lambda dout, x, w: gradients(dout, x, w), {"x": X, "w": W}),
    "settings in a dict, floats among them": (
        lambda x, how: (x * how["p"], how["p"]),
        lambda dout, cache: dout * cache,
        (X, {"p": 0.5, "mode": "train"}),
    ),
    "a number that is a setting": (
        lambda x, w, reg: tanh(x, w) * reg,
        lambda d, x, w, reg: gradients(d * reg, x, w),
        (X, W, 0.1),
    ),
    "a number that is a setting, one array": (lambda x, reg: x * reg, lambda d, x, reg: d * reg, (X, 0.1)),
    "gradients of some, known by their shapes": (
        lambda x, w, b: x @ w + b,
        lambda dout, x, w, b: (x.T @ dout, dout.sum(axis=0)),
        (X, W, B),
    ),
    "the gradient of one, known by its shape": (tanh, lambda dout, x, w: gradients(dout, x, w)[1], ARRAYS),
    "the gradient as a list of numbers": (lambda x: (x**2).sum(), lambda dout, x: [dout * 2 * v for v in x], (B,)),
    "inputs by name, in another order": (tanh, gradients, {"w": W, "x": X}),
    "a list of inputs": (tanh, gradients, [X, W]),
    "a list that is one input": (
        lambda arrays: tanh(*arrays),
        lambda dout, arrays: list(gradients(dout, *arrays)),
        [X, W],
    ),
    "a namedtuple that is one input": (
        lambda p: tanh(p.x, p.w),
        lambda dout, p: gradients(dout, p.x, p.w),
        namedtuple("P", "x w")(X, W),
    ),
    "a nested dict": (
        lambda p: tanh(p["a"]["x"], p["w"]),
        lambda dout, p: {"a": {"x": gradients(dout, p["a"]["x"], p["w"])[0]}, "w": gradients(dout, p["a"]["x"], p["w"])[1]},
        ({"a": OrderedDict(x=X), "w": W},),
    ),
    "nested lists of floats": (
        lambda rows, c: sum(c * v * v for row in rows for v in row),
        lambda dout, rows, c: ([[2 * c * dout * v for v in row] for row in rows], dout * sum(v * v for row in rows for v in row)),
        ([[0.5, 1.5], [2.0]], 3.0),
    ),
    "Python floats": (lambda a, b: math.sin(a) * b, lambda d, a, b: (d * math.cos(a) * b, d * math.sin(a)), (0.7, 1.3)),
    "integers, booleans, strings and objects": (
        lambda x, n, flag, mode, thing: x**n if flag and mode == "power" and thing is None else x,
        lambda dout, x, n, *_: dout * n * x ** (n - 1),
        (X, 3, True, "power", None),
    ),
    "labels": (
        lambda x, y: -np.log(x[np.arange(2), y]).mean(),
        lambda dout, x, y: (_scatter(dout, x, y), None),
        (np.abs(W[:2]) + 1, np.array([0, 1])),
    ),
    "a partial": (functools.partial(scaled, scale=2.0), functools.partial(scaled_gradients, scale=2.0), ARRAYS),
    "static": (scaled, scaled_gradients, ARRAYS, {"scale": 3.0}),
    "static that backward does not take": (
        lambda x, w, *, scale: (scale * tanh(x, w), (x, w, scale)),
        lambda dout, cache: gradients(cache[2] * dout, *cache[:2]),
        ARRAYS,
        {"scale": 3.0},
    ),
    "static by position in backward": (
        scaled,
        lambda dout, scale, cache: gradients(scale * dout, *cache),
        ARRAYS,
        {"scale": 3.0},
    ),
    "a default in backward": (remembers, lambda dout, cache, reg=0.0: gradients(dout, *cache), ARRAYS),
    "a default in backward, after the inputs": (tanh, lambda dout, x, w, lr=0.1: gradients(dout, x, w), ARRAYS),
    "wrapped": (logged(tanh), logged(gradients), ARRAYS),
    "wrapped with a cache": (logged(remembers), logged(lambda dout, cache: gradients(dout, *cache)), ARRAYS),
    "bound methods": (Net().with_cache, Net().from_cache, (X,)),
    "called objects": (remembers, Backward(), ARRAYS),
    "starred inputs": (lambda *args: tanh(*args), gradients, ARRAYS),
    "an array without axes": (lambda x: x * x, lambda dout, x: 2 * x * dout, (np.array(1.5),)),
    "a number of NumPy": (lambda x: np.sin(x), lambda dout, x: np.cos(x) * dout, (np.float64(1.5),)),
    "a loss and its gradient": (lambda w: ((w**2).sum(), 2 * w), lambda dloss, dw: (dloss * dw,), (W,)),
    "a loss and its gradient, one array": (lambda w: ((w**2).sum(), 2 * w), lambda d, g: d * g, (W,)),
    "a row shared out": (sums, lambda dout, cache: np.ones_like(cache) * dout, (X,)),
}


def _scatter(dout: Any, x: Any, y: Any) -> Any:
    dx = np.zeros_like(x)
    dx[np.arange(2), y] = -dout / x[np.arange(2), y] / 2
    return dx


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_taken_as_it_is(style: str) -> None:
    forward, backward, inputs, *static = STYLES[style]
    if inputs is None:
        net = Net()
        forward, backward, inputs = net.forward, net.backward, (X,)
    report = check(forward, backward, inputs, *static)
    assert report.ok, report


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_gradient_is_wrong_in_any_style(style: str) -> None:
    forward, backward, inputs, *static = STYLES[style]
    if inputs is None:
        net = Net()
        forward, backward, inputs = net.forward, net.backward, (X,)

    @functools.wraps(backward, updated=())
    def wrong(*args: Any, **kwargs: Any) -> Any:
        returned = backward(*args, **kwargs)
        return _off(list(returned) if hasattr(returned, "__next__") else returned)

    assert check(forward, wrong, inputs, *static).verdict == "wrong"


def _off(value: Any) -> Any:
    """All that is a float, a little larger."""
    if isinstance(value, dict):
        return {key: _off(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)([_off(each) for each in value])
    return None if value is None else value * (1 + 1e-6)


def test_starred_inputs_have_usable_names() -> None:
    report = check(lambda *args: tanh(*args), gradients, ARRAYS)
    assert [finding.about for finding in report] == ["dinput0", "dinput1"]


@pytest.mark.parametrize("wrt", [("w",), "w", 1, (1,), [-1], {"w"}])
def test_wrt_differentiates_some(wrt: Any) -> None:
    report = check(tanh, gradients, ARRAYS, wrt=wrt)
    assert report.ok
    assert [finding.about for finding in report] == ["dw"]


def test_wrt_takes_the_gradients_of_those_alone() -> None:
    assert check(tanh, lambda dout, x, w: gradients(dout, x, w)[1], ARRAYS, wrt="w").ok


def test_names_are_those_that_were_given() -> None:
    report = check(tanh, gradients, ARRAYS, names=("input", "kernel"))
    assert [finding.about for finding in report] == ["dinput", "dkernel"]


@pytest.mark.parametrize("cached", [True, False])
def test_cached_settles_what_could_be_both(cached: bool) -> None:
    """forward(x) returns two arrays: an output and a cache, or two outputs."""

    def forward(x: Any) -> Any:
        return x * 3, x * 1

    def backward(first: Any, second: Any) -> Any:
        if cached:
            return 2 * first + second / second * first
        return 3 * first[0] + first[1]

    assert check(forward, backward, (X,), cached=cached).ok


def test_what_could_be_both_is_asked() -> None:
    def forward(x: Any) -> Any:
        return x * 3, x * 2

    def backward(first: Any, second: Any) -> Any:
        return np.asarray(first)[0] * second if np.ndim(first) == 3 else first * second

    with pytest.raises(BadCall, match=r"cached is not given.*True or False"):
        check(forward, backward, (X,))


@pytest.mark.parametrize("cached", [True, False])
def test_a_cache_with_the_name_of_the_input_is_asked_about(cached: bool) -> None:
    """backward(dout, x), where forward(x) returns (out, something of the same shape)."""

    def forward(x: Any) -> Any:
        return np.exp(x), np.exp(x)

    def backward(dout: Any, x: Any) -> Any:
        return dout * x if cached else dout[0] * np.exp(x) + dout[1] * np.exp(x)

    if cached:
        with pytest.raises(BadCall, match="cached is not given"):
            check(forward, backward, (X,))
    assert check(forward, backward, (X,), cached=cached).ok


def test_an_input_that_forward_returns_is_a_cache_and_no_output() -> None:
    def forward(x: Any) -> Any:
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return (e / e.sum(axis=-1, keepdims=True)).sum(axis=-1), x

    assert check(forward, lambda dout, x: np.zeros_like(x), np.random.default_rng(0).normal(size=(4, 3))).verdict == "right"


def product_of(a: Any, b: Any) -> Any:
    return a * np.sin(b)


def cotangent_last(a: Any, b: Any, dout: Any) -> Any:
    return dout * np.sin(b), dout * a * np.cos(b)


class CotangentLast:
    """A layer that is handed its input once more."""

    def forward(self, input: Any) -> Any:  # noqa: A002 - as people call it
        return np.maximum(0, input)

    def backward(self, input: Any, grad_output: Any) -> Any:  # noqa: A002
        return grad_output * (input > 0)


@pytest.mark.parametrize("factor", [1, 2])
def test_the_cotangent_may_come_last(factor: int) -> None:
    layer = CotangentLast()
    verdict = "right" if factor == 1 else "wrong"
    assert check(layer.forward, lambda input, grad_output: factor * layer.backward(input, grad_output), X).verdict == verdict  # noqa: A006
    pair = check(product_of, lambda a, b, dout: tuple(factor * g for g in cotangent_last(a, b, dout)), (X, X + 1))
    assert pair.verdict == verdict


def test_a_cache_behind_a_cotangent_of_the_inputs_name_is_a_cache() -> None:
    assert check(lambda x: (np.sin(x), np.cos(x)), lambda x, cache: x * cache, X).ok
    assert check(lambda x: (np.sin(x), np.cos(x)), lambda x, slope: x * slope, X).ok
    assert check(lambda x: (np.sin(x), np.cos(x)), lambda x, dsin: x * dsin, X).ok


SPECTRUM = np.exp(1j * np.arange(5) * np.array([0, 1, 2, 3, 0]))


def filtered(x: Any, spectrum: Any) -> Any:
    return np.fft.irfft(np.fft.rfft(x) * spectrum, 8)


@pytest.mark.parametrize(("turn", "verdict"), [(np.conj, "right"), (np.copy, "wrong")])
def test_complex_numbers_are_data_where_others_are_differentiated(turn: Any, verdict: str) -> None:
    x = np.random.default_rng(0).normal(size=8)
    as_input = check(filtered, lambda dout, x, spectrum: (filtered(dout, turn(spectrum)), None), (x, SPECTRUM), wrt="x")
    by_keyword = check(filtered, lambda dout, x, spectrum: filtered(dout, turn(spectrum)), x, {"spectrum": SPECTRUM})
    assert [as_input.verdict, by_keyword.verdict] == [verdict, verdict]


def test_a_cotangent_that_comes_last_beside_inputs_of_other_names() -> None:
    def forward(a: Any, b: Any) -> Any:
        return a * np.sin(b)

    def last(x: Any, angle: Any, dy: Any) -> Any:
        return dy * np.sin(angle), dy * x * np.cos(angle)

    def first(v: Any, b: Any, dy: Any) -> Any:
        """A name that a cotangent has, of an input."""
        return v * np.sin(dy), v * b * np.cos(dy)

    rng = np.random.default_rng(3)
    inputs = (rng.normal(size=4), rng.normal(size=4))
    assert check(forward, last, inputs).ok
    assert check(lambda b, dy: forward(b, dy), first, inputs).ok
