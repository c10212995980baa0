"""Numerical differentiation: the bar holds the truth, and `check` finds what is wrong with a backward."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement, Vacuous, check
from gradwitness.oracles import check_subject, derivative
from gradwitness.subject import Subject
from gradwitness.witness import Evidence

LONG = np.longdouble
EPS = float(np.finfo(LONG).eps)

KNOWN: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
    "reciprocal": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "cubic": (lambda x: x * x * x - 2 * x, lambda x: 3 * x * x - 2),
    "steep": (lambda x: np.exp(-30 * x), lambda x: -30 * np.exp(-30 * x)),
    "wavy": (lambda x: np.sin(40 * x), lambda x: 40 * np.cos(40 * x)),
    "kinked elsewhere": (lambda x: np.abs(x) * x, lambda x: 2 * np.abs(x)),
}


@pytest.mark.parametrize("side", [0, 1, -1])
@pytest.mark.parametrize("name", KNOWN)
def test_the_error_bar_holds_the_true_derivative(name: str, side: Any) -> None:
    f, slope = KNOWN[name]
    rng = np.random.default_rng(0)
    for x in rng.normal(size=100).astype(LONG):
        true = slope(x)
        noise = 4 * EPS * float(abs(f(x))) + EPS * float(abs(x * true))
        found = derivative(lambda t, x=x: f(x + t), noise, side)
        reference_error = 64 * EPS * float(abs(true) * (1 + 40 * abs(x)))  # of `slope` itself, evaluated in longdouble
        assert abs(found.value - true) <= found.error + reference_error
        assert found.error < 1e6 * noise + 1e4 * EPS * float(abs(true))  # and the bar is no barn door


def test_a_kink_has_two_one_sided_derivatives() -> None:
    sides = [derivative(lambda t: np.maximum(t, LONG(0)) * 3 - t, EPS, side) for side in (-1, 1)]
    assert [float(s.value) for s in sides] == [-1, 2]
    assert all(s.error < 1e-12 for s in sides)


def test_a_step_out_of_the_domain_spoils_nothing() -> None:
    with np.errstate(invalid="ignore"):
        found = derivative(lambda t: np.sqrt(LONG(1e-3) + t), EPS * 0.03)
    true = 0.5 / np.sqrt(LONG(1e-3))
    assert abs(found.value - true) <= found.error < 1e-9 * true


def test_noise_widens_the_bar_by_as_much() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = derivative(lambda t: np.exp(t) + LONG(1e-8) * rng.uniform(-1, 1), 1e-8)
        assert abs(found.value - 1) <= found.error < 1e-4


def test_a_function_that_is_nowhere_finite_has_no_derivative() -> None:
    assert derivative(lambda t: LONG(np.nan), 0.0).error == np.inf


def forward(x: Any, weight: Any, /, *, power: int = 2) -> Any:
    return (x**power) @ weight, (x, weight, power)


def backward(dout: Any, cache: Any) -> Any:
    x, weight, power = cache
    return power * x ** (power - 1) * (dout @ weight.T), (x**power).T @ dout


def inputs(n: int = 4, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.normal(size=(3, 2))


@pytest.mark.parametrize("n", [1, 4, 200])
def test_check_passes_a_right_backward_small_and_large(n: int) -> None:
    distances = check(forward, backward, inputs(n), {"power": 3})
    assert [name.split()[0] for name in distances] == ["dx", "dweight"]
    assert max(distances.values()) < 1


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "sign": (lambda dx, dw: (-dx, dw), "dx"),
    "factor": (lambda dx, dw: (dx, 2 * dw), "dweight"),
    "a millionth": (lambda dx, dw: (dx, dw * (1 + 1e-6)), "dweight"),
    "a part in 1e12": (lambda dx, dw: (dx * (1 + 1e-12), dw), "dx"),
    "zero": (lambda dx, dw: (0 * dx, dw), "dx"),
    "nan": (lambda dx, dw: (dx, dw * np.nan), "dweight"),
}


@pytest.mark.parametrize("n", [4, 200])
@pytest.mark.parametrize("mistake", WRONG)
def test_check_finds_a_wrong_backward_and_names_the_gradient(mistake: str, n: int) -> None:
    change, gradient = WRONG[mistake]
    with pytest.raises(Disagreement, match=gradient):
        check(forward, lambda dout, cache: change(*backward(dout, cache)), inputs(n))


def test_check_finds_a_transposed_gradient_by_its_shape() -> None:
    with pytest.raises(Disagreement, match=r"dweight: shape is \(2, 3\); wanted \(3, 2\)"):
        check(forward, lambda dout, cache: (backward(dout, cache)[0], backward(dout, cache)[1].T), inputs())


def test_check_finds_a_missing_gradient() -> None:
    with pytest.raises(Disagreement, match=r"1 gradients for 2 inputs \(x, weight\)"):
        check(forward, lambda dout, cache: backward(dout, cache)[:1], inputs())


def test_check_names_the_element() -> None:
    def one_element_off(dout: Any, cache: Any) -> Any:
        dx, dw = backward(dout, cache)
        dw = dw.copy()
        dw[2, 1] = dw[2, 1] * 1.001
        return dx, dw

    with pytest.raises(Disagreement) as found:
        check(forward, one_element_off, inputs())
    assert (found.value.gradient, found.value.index, found.value.count) == ("dweight", (2, 1), (1, 6))


def test_a_zero_gradient_is_vacuous_unless_declared_and_only_then() -> None:
    def constant(x: Any, /) -> Any:
        return x - x, x

    def zeros(dout: Any, x: Any) -> Any:
        return (dout * 0 * x,)

    with pytest.raises(Vacuous, match="zero within rounding"):
        check(constant, zeros, (np.ones(3),))
    assert check(constant, zeros, (np.ones(3),), zero=("x",))
    with pytest.raises(Disagreement, match="declared zero, but its norm is"):
        check(forward, backward, inputs(), zero=("x",))


def test_at_a_kink_any_subgradient_passes_and_nothing_else() -> None:
    def relu(x: Any, /) -> Any:
        return np.maximum(x, 0), x

    def with_slope(at_zero: float) -> Any:
        return lambda dout, x: (dout * np.where(x == 0, at_zero, x > 0),)

    point = (np.array([-1.0, 0.0, 1.0]),)
    for member in (0.0, 0.25, 1.0):
        check(relu, with_slope(member), point, kink=True)
    for outsider in (-0.1, 1.1):
        with pytest.raises(Disagreement, match=r"dx\[1\]"):
            check(relu, with_slope(outsider), point, kink=True)


@pytest.mark.parametrize("wrong", [1.0, np.array([[1, 2, 3]]), [[1.0, 2.0, 3.0]]])
def test_an_input_that_is_no_array_of_floats_is_named(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"input x is an? .*; wanted an array of floats"):
        check(forward, backward, (wrong, np.ones((3, 2))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evidence_of_nan_is_nan(dtype: str) -> None:
    x, weight = inputs()
    x[1, 2] = np.nan
    told = Evidence.of(Subject(forward, backward, (x, weight)), dtype)
    told.judge(told.native)
    out, dx, dweight = told.native
    for repaired in ([np.nan_to_num(out), dx, dweight], [out, np.nan_to_num(dx), dweight], [out, dx, np.nan_to_num(dweight)]):
        with pytest.raises(Disagreement):
            told.judge(repaired)


def test_nan_in_the_inputs_is_a_verdict() -> None:
    with pytest.raises(Vacuous, match="the gradient, nan"):  # nan equals nan, and proves nothing
        check(forward, backward, (np.full((2, 3), np.nan), np.ones((3, 2))))


def test_a_detached_member_of_out_asks_for_no_gradient() -> None:
    def forward(x: Any, /) -> Any:
        return (x * x, x.sum(keepdims=True)), x

    subject = Subject(forward, lambda dout, x: (2 * dout[0] * x,), (np.arange(1.0, 5.0),), seed=3)
    with pytest.raises(Disagreement, match=r"^dx\["):
        check_subject(subject)
    check_subject(replace(subject, detached=(1,)))
