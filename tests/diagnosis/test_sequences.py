"""Mistakes of when and in which direction: an order of statements, an array that is kept, a sum from the other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_loss

rng = np.random.default_rng(5)
Pair = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]


def steps(x: Any, rate: Any) -> Any:
    states = [x]
    for _ in range(4):
        states.append(states[-1] + 0.1 * rate * np.sin(states[-1]))
    return states[-1], (states, rate)


def updated_too_early(dout: Any, cache: Any) -> Any:
    states, rate = cache
    drate = 0.0
    for x in reversed(states[:-1]):
        dout = dout + 0.1 * rate * dout * np.cos(x)  # WRONG: after drate
        drate += (0.1 * dout * np.sin(x)).sum()
    return dout, drate


def spring(x: Any, v: Any, k: Any) -> Any:
    x, v = x.copy(), v.copy()
    for _ in range(4):
        v -= 0.1 * k * x
        x += 0.1 * v
    return x


def keeping_the_array_itself(dout: Any, x: Any, v: Any, k: Any) -> Any:
    x, v = x.copy(), v.copy()
    states = []
    for _ in range(4):
        states.append(x)  # WRONG: x.copy()
        v -= 0.1 * k * x
        x += 0.1 * v
    dx, dv, dk = dout.copy(), np.zeros_like(v), np.zeros_like(k)
    for state in reversed(states):
        dv += 0.1 * dx
        dk -= 0.1 * state * dv
        dx -= 0.1 * k * dv
    return dx, dv, dk


def partial_sums(x: Any) -> Any:
    return np.sin(np.cumsum(x, axis=1)), x


def summed_from_the_wrong_end(dout: Any, x: Any) -> Any:
    return np.cumsum(dout * np.cos(np.cumsum(x, axis=1)), axis=1)  # WRONG: from the last one


def gate(z: Any, h: Any, new: Any) -> Any:
    return (1 - z) * new + z * h, (z, h, new)


def of_the_other_gate(dout: Any, cache: Any) -> Any:
    z, h, new = cache
    return dout * (h - new), dout * z, dout * z  # WRONG: dout * (1 - z)


def outer_square(x: Any) -> Any:
    return x @ x.T, x


def taken_for_symmetric(dout: Any, x: Any) -> Any:
    return 2 * dout @ x  # WRONG: (dout + dout.T) @ x


def correlated(x: Any, kernel: Any) -> Any:
    n = len(x) - len(kernel) + 1
    return sum(kernel[len(kernel) - 1 - i] * x[i : i + n] for i in range(len(kernel)))


def kernel_not_turned(dout: Any, x: Any, kernel: Any) -> Any:
    dx = np.zeros_like(x)
    for i in range(len(kernel)):
        dx[i : i + len(dout)] += kernel[len(kernel) - 1 - i] * dout
    return dx, np.correlate(x, dout, "valid")  # WRONG: [::-1]


def energy(x: Any, w: Any) -> Any:
    return -0.5 * x @ w @ x


def with_a_matrix_taken_for_symmetric(dout: Any, x: Any, w: Any) -> Any:
    return -dout * w @ x, -0.5 * dout * np.outer(x, x)  # WRONG: (w + w.T) / 2


def of_spreads(x: Any, log_std: Any) -> Any:
    z = x / np.exp(log_std)
    return (np.array([0.2, 0.3, 0.5]) * (0.5 * z**2 + log_std)).sum(), (z, log_std)


def without_parentheses(dout: Any, cache: Any) -> Any:
    z, log_std = cache
    share = np.array([0.2, 0.3, 0.5])
    return dout * share * z / np.exp(log_std), -dout * (share * z**2 - 1)  # WRONG: share * (z**2 - 1)


CASES: dict[str, tuple[Pair, str, str, str]] = {
    "statements": (
        (steps, updated_too_early, (rng.normal(size=3), 0.7)),
        "drate",
        "two statements are in the wrong order",
        "- dout = dout + 0.1 * rate * dout * np.cos(x)\n+ drate += (0.1 * dout * np.sin(x)).sum()\n- drate",
    ),
    "a copy": (
        (spring, keeping_the_array_itself, (rng.normal(size=2), rng.normal(size=2), rng.uniform(1, 2, size=2))),
        "dk",
        "it is the array itself, which changes later: a copy is right",
        "+ states.append(x.copy())",
    ),
    "a running sum": (
        (partial_sums, summed_from_the_wrong_end, (rng.normal(size=(2, 4)),)),
        "dx",
        "it runs from the wrong end",
        "[:, ::-1], axis=1)[:, ::-1]",
    ),
    "a gate": (
        (gate, of_the_other_gate, (rng.uniform(size=4), rng.normal(size=4), rng.normal(size=4))),
        "dnew",
        "1 - z is right, and not z",
        "- dout * z\n+ dout * (1 - z)",
    ),
    "a matrix": (
        (outer_square, taken_for_symmetric, (rng.normal(size=(3, 2)),)),
        "dx",
        "dout is taken for symmetric: its transpose is a term as well",
        "+ return (dout + dout.T) @ x",
    ),
    "a symmetric matrix": (
        (energy, with_a_matrix_taken_for_symmetric, (rng.normal(size=3), rng.normal(size=(3, 3)))),
        "dx",
        "w is taken for symmetric: its symmetric part is right",
        "+ -dout * ((w + w.T) / 2) @ x",
    ),
    "parentheses": (
        (of_spreads, without_parentheses, (rng.normal(size=3), rng.normal(size=3))),
        "dlog_std",
        "the parentheses are wrong",
        "+ -dout * (share * (z ** 2 - 1))",
    ),
    "a kernel": (
        (correlated, kernel_not_turned, (rng.normal(size=7), rng.normal(size=3))),
        "dkernel",
        "it is right the other way round",
        "+ np.correlate(x, dout, 'valid')[::-1]",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_edit_is_named(name: str) -> None:
    (forward, backward, inputs), gradient, words, lines = CASES[name]
    explanation = check(forward, backward, inputs)[gradient].explanation
    assert words in explanation
    assert lines in explanation


def test_a_division_by_the_length_that_is_left_out_is_told() -> None:
    def forward(q: Any) -> Any:
        return np.sin(q / np.sqrt((q * q).sum(axis=-1, keepdims=True))), q

    def backward(dout: Any, q: Any) -> Any:
        return dout * np.cos(q / np.sqrt((q * q).sum(axis=-1, keepdims=True)))  # WRONG: all of the division

    explanation = check(forward, backward, rng.normal(size=(3, 4)))["dq"].explanation
    assert "division by the length along axis 1 is left out" in explanation


@pytest.mark.parametrize("bound", [0.01, 0.5])
def test_a_gradient_that_is_cut_off_at_a_bound_is_told(bound: float) -> None:
    """Whether all elements are cut off, or some."""

    def backward(dout: Any, x: Any) -> Any:
        return np.clip(3 * dout * np.cos(x), -bound, bound)

    explanation = check(lambda x: 3 * np.sin(x), backward, rng.normal(size=6))["dx"].explanation
    assert explanation.startswith("It is cut off at a bound")


def test_a_number_that_a_loop_multiplies_in_twice_is_no_repair() -> None:
    """A quarter is missing at the top: half of what each of two layers hands on agrees by chance."""
    weights = [rng.normal(size=(3, 3)), rng.normal(size=(3, 3))]

    def loss(params: Any, x: Any) -> Any:
        hidden = [x]
        for weight in params:
            hidden.append(np.tanh(hidden[-1] @ weight))
        dout, grads = np.ones_like(hidden[-1]), []  # WRONG: / len(x)
        for weight, below, out in zip(params[::-1], hidden[-2::-1], hidden[:0:-1], strict=True):
            dout = dout * (1 - out**2)
            grads.insert(0, below.T @ dout)
            dout = dout @ weight.T
        return hidden[-1].sum() / len(x), grads

    report = check_loss(loss, weights, rng.normal(size=(4, 3)))
    assert "4 times what is right" in report["dparams[0]"].explanation
    assert "* 0.5" not in report["dparams[0]"].explanation


def forgetting(xs: Any, h: Any, weights: Any, biases: Any) -> Any:
    """A recurrent cell with several gates, whose weights are a list, as are their gradients."""
    states = [h]
    for x in xs:
        a, b, c, d = (np.tanh(x * w + states[-1] + bias) for w, bias in zip(weights, biases, strict=True))
        states.append(a * b + c * d)
    return np.stack(states[1:]), (xs, states, weights, biases)


def without_what_is_handed_on(dout: Any, cache: Any) -> Any:
    xs, states, weights, biases = cache
    dxs, dweights, dbiases = np.zeros_like(xs), np.zeros((4, 3)), np.zeros((4, 3))
    dnext = np.zeros(3)
    for t in reversed(range(len(xs))):
        dstate = dout[t]  # WRONG: + dnext
        gates = np.array([np.tanh(xs[t] * w + states[t] + bias) for w, bias in zip(weights, biases, strict=True)])
        da = dstate * gates[[1, 0, 3, 2]] * (1 - gates**2)
        dweights += da * xs[t]
        dbiases += da
        dxs[t] = (da * np.array(weights)).sum(axis=0)
        dnext = da.sum(axis=0)
    return dxs, dnext, list(dweights), list(dbiases)


def test_a_carry_that_is_returned_and_used_in_no_turn_is_told_for_each_of_many_gradients() -> None:
    inputs = (rng.normal(size=(4, 3)), rng.normal(size=3), list(rng.normal(size=(4, 3))), list(rng.normal(size=(4, 3))))
    findings = list(check(forgetting, without_what_is_handed_on, inputs))
    assert [finding.verdict for finding in findings] == ["wrong"] * 10
    assert "dnext, which a turn of the loop hands on to the next, is not used there" in findings[0].explanation
    assert "+ dstate = dout[t] + dnext" in findings[0].explanation
    assert all("the same edit repairs this one" in finding.explanation for finding in findings[1:])
