"""Where longdouble is cut to float64: the line is named."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.trace import departure, refusal

X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.longdouble)
V = np.random.default_rng(1).normal(size=(3, 2))


def buffer(x: Any) -> Any:
    scale = 0.5
    h = np.zeros((len(x), 3))
    for t in range(len(x)):
        h[t] = np.tanh(x[t]) * scale
    return h @ V


def root(x: Any) -> Any:
    length = math.sqrt(np.sum(x * x))
    return x / length


def cast(x: Any) -> Any:
    y = np.sin(x).astype(np.float64)
    return y * x


def inline(x: Any) -> Any:
    z = x * x
    return np.sin(z).astype(np.float64) * x


def python_float(x: Any) -> Any:
    return x * float(np.sum(x * x))


def list_of_floats(x: Any) -> Any:
    rows = []
    for row in x:
        rows.append(float(row.sum()))  # noqa: PERF401 - as users write it
    return np.array(rows)


def helper(row: Any) -> Any:
    out = np.empty(3)
    out[:] = row**2
    return out


def nested(x: Any) -> Any:
    return sum(helper(row) for row in x)


class Layer:
    """Keeps a buffer."""

    def forward(self, x: Any) -> Any:
        self.h = np.zeros(x.shape)
        self.h += x**2
        return self.h @ V


def in_a_dict(x: Any) -> Any:
    cache = {"h": np.zeros(x.shape)}
    cache["h"][...] = x
    return cache["h"] * 2


CUT: dict[str, tuple[Callable[..., Any], str]] = {
    "a buffer": (buffer, "h[t] = np.tanh(x[t]) * scale stores into h, an array of float64"),
    "math.sqrt": (root, "length = math.sqrt(np.sum(x * x)) makes length, a Python float"),
    "a cast": (cast, "y = np.sin(x).astype(np.float64) makes y, an array of float64"),
    "a cast in an expression": (inline, "return np.sin(z).astype(np.float64) * x"),
    "float in an expression": (python_float, "return x * float(np.sum(x * x))"),
    "a list of floats": (list_of_floats, "# noqa: PERF401 - as users write it makes rows[0], a Python float"),
    "a helper": (nested, "out[:] = row**2 stores into out, an array of float64"),
    "an attribute": (Layer().forward, "self.h += x**2 stores into self.h, an array of float64"),
    "an entry of a dict": (in_a_dict, "cache[\"h\"][...] = x stores into cache['h'], an array of float64"),
}


def named(function: Callable[..., Any]) -> str:
    return departure(lambda arrays: function(*arrays), [X])


@pytest.mark.parametrize("what", CUT)
def test_the_line_that_cuts_is_named(what: str) -> None:
    function, words = CUT[what]
    found = named(function)
    assert found.endswith(words), found
    assert found.startswith("line ")
    assert "of test_trace.py: " in found


def keeps(x: Any) -> Any:
    y = np.tanh(x)
    z = y @ V.astype(x.dtype)
    return z * 0.5


def zeros_like(x: Any) -> Any:
    y = np.zeros_like(x)
    y += x
    return y


def constant_zeros(x: Any) -> Any:
    y = np.zeros(3)
    return y + x


def empty(x: Any) -> Any:
    y = np.empty(300)
    return x * y.shape[0]


@pytest.mark.parametrize("function", [keeps, zeros_like, constant_zeros, empty])
def test_what_keeps_longdouble_is_not_named(function: Callable[..., Any]) -> None:
    assert named(function) == ""


def test_the_tracer_that_was_there_is_there_again() -> None:
    def tracer(*_: Any) -> Any:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        named(buffer)
        inside = sys.gettrace()
    finally:
        sys.settrace(before)
    assert inside is tracer


def test_after_an_exception_too() -> None:
    before = sys.gettrace()
    assert departure(lambda arrays: np.linalg.inv(arrays[0][:3]), [X]) == ""
    with pytest.raises(KeyError):
        departure(lambda arrays: {}[len(arrays)], [X])
    assert sys.gettrace() is before


def test_two_evaluations_and_no_more() -> None:
    calls: list[int] = []
    departure(lambda arrays: calls.append(len(arrays)), [X])
    assert calls == [1, 1]


def test_the_time_is_bounded() -> None:
    def slow(x: Any) -> Any:
        total = x.sum()
        for i in range(10_000_000):
            total = total + i
        return total

    start = time.perf_counter()
    assert named(slow) == ""
    assert time.perf_counter() - start < 10


def test_a_refusal_names_the_call_and_the_line() -> None:
    def solves(x: Any) -> Any:
        return np.linalg.solve(x[:3], x[:3, 0])

    with pytest.raises(TypeError) as caught:
        solves(X)
    words = refusal(UserError("forward", caught.value))
    assert words.startswith("np.linalg.solve does not take longdouble (line ")


def test_a_report_tells_how_it_was_examined() -> None:
    def solves(x: Any) -> Any:
        return np.linalg.inv(x)

    def backward(dout: Any, x: Any) -> Any:
        inverse = np.linalg.inv(x).T
        return -inverse @ dout @ inverse

    square = np.random.default_rng(0).normal(size=(3, 3))
    report = check(solves, backward, (square,))
    assert report.ok
    assert report.examined.startswith("in float64: np.linalg.inv does not take longdouble (line ")


def test_a_report_names_the_line_that_cuts() -> None:
    report = check(root, lambda dout, x: _root_gradient(dout, x), (X.astype(np.float64),))
    assert report.ok, report
    assert report.examined.startswith("in longdouble")
    assert "length = math.sqrt(np.sum(x * x))" in report.examined


def _root_gradient(dout: Any, x: Any) -> Any:
    length = np.sqrt(np.sum(x * x))
    return dout / length - x * np.sum(dout * x) / length**3


def test_a_report_says_how_exact_the_values_are() -> None:
    report = check(lambda x: x**3, lambda dout, x: 3 * x**2 * dout, (X.astype(np.float64),))
    exact = float(report.examined.removeprefix("in longdouble, each value exact to ").removesuffix(" of its terms"))
    assert 0 < exact < 1e-17
