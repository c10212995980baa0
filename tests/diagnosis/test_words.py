"""Words that must be true of what they are said of."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from gradwitness.checking import check, check_loss


def test_an_element_that_is_zero_does_not_scale_by_another_cotangent() -> None:
    """Only the last element has a gradient at all; that of the first is missing."""

    def backward(dout: Any, x: Any) -> Any:
        dx = dout * np.cos(x)
        dx[0] = 0
        return dx

    (finding,) = check(np.sin, backward, (np.array([0.5, 1.0]),))
    assert finding.verdict == "wrong"
    assert "scales by" not in finding.explanation


GRID = np.linspace(-4, 4, 4000)


def test_ratios_near_1_are_told_from_1() -> None:
    """A table of the derivative, between whose points it is interpolated: off by up to 5e-7 of itself."""
    x = np.random.default_rng(1).normal(size=(4, 5))
    (finding,) = check(np.sin, lambda dout, x: dout * np.interp(x, GRID, np.cos(GRID)), (x,))
    assert finding.verdict == "wrong"
    assert re.search(r"truth / got lies between 1 \+\d\S*e-\d+ and 1 \+\d\S*e-07", finding.explanation), finding.explanation
    assert "It is right to 6 digits" in finding.explanation


def test_what_is_nearly_right_is_no_map_that_was_not_transposed() -> None:
    """Each element moves one output: the transposed map is the map itself, and what came fits both but for a billionth."""
    x = np.random.default_rng(1).normal(size=5)
    near = 1 + 1e-9 * np.random.default_rng(2).normal(size=5)
    (finding,) = check(np.sin, lambda dout, x: dout * np.cos(x) * near, (x,))
    assert finding.verdict == "wrong"
    assert "It is right to 8 digits" in finding.explanation or "It is right to 9 digits" in finding.explanation


def test_a_straight_through_estimator_is_told() -> None:
    report = check(lambda x: np.round(x), lambda dout, x: dout, (np.array([0.3, 1.2]),))
    assert any("A straight-through estimator" in finding.explanation for finding in report), report


def test_the_backward_of_another_variance_is_told() -> None:
    """Forward divides by N - 1, and backward takes it that N was meant."""

    def forward(x: Any) -> Any:
        std = np.sqrt(x.var(axis=0, ddof=1) + 1e-5)
        return (x - x.mean(axis=0)) / std, ((x - x.mean(axis=0)) / std, std)

    def backward(dout: Any, cache: Any) -> Any:
        normed, std = cache
        return (dout - dout.mean(axis=0) - normed * (dout * normed).mean(axis=0)) / std

    report = check(forward, backward, np.random.default_rng(0).normal(size=(6, 3)))
    assert "standardised by the variance with N - 1 along axis 0" in report["dx"].explanation
    assert "The gradient through the variance is 5/6 times what is right" in report["dx"].explanation


def said(forward: Any, backward: Any, inputs: Any) -> str:
    """What is said of the first gradient that is wrong."""
    return next(finding.explanation for finding in check(forward, backward, inputs) if finding.verdict == "wrong")


def correlated(x: Any, w: Any) -> Any:
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array([[(x[i : i + len(w), j : j + w.shape[1]] * w).sum() for j in range(columns)] for i in range(rows)])


RNG = np.random.default_rng(3)
IMAGE, KERNEL, ROWS = RNG.normal(size=(6, 5)), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 4))
CONTEXT = [0, 2, 2, 5, 1, 3, 4]


def test_a_kernel_that_is_not_turned_round_is_told() -> None:
    def backward(dout: Any, x: Any, w: Any) -> Any:
        padded = np.pad(dout, ((len(w) - 1,) * 2, (w.shape[1] - 1,) * 2))
        return correlated(padded, w), correlated(x, dout)

    assert "it is right the other way round" in said(correlated, backward, (IMAGE, KERNEL))


def turned(x: Any, sine: Any) -> Any:
    return np.concatenate([x[:, :2] * 0.8 - x[:, 2:] * sine, x[:, 2:] * 0.8 + x[:, :2] * sine], axis=1)


def test_a_rotation_that_goes_on_where_it_should_go_back_is_told() -> None:
    text = said(lambda x: turned(x, 0.6), lambda dout, x: turned(dout, 0.6), ROWS)
    assert text.startswith("What came is the change of forward along dout")


def test_copies_of_which_one_is_counted_are_told() -> None:
    text = said(lambda x: x.repeat(2, 0).repeat(3, 1), lambda dout, x: dout[::2, ::3], ROWS)
    assert text.startswith("Backward counts the shares of 1 of the 6 outputs that an element moves")


def test_a_mask_of_another_array_is_told() -> None:
    bias = np.array([1.0, -2.0, 1.5, -1.0])

    def backward(dout: Any, x: Any) -> Any:
        z = x + bias
        dx = dout * z
        dx[x + 0 <= 0] = 0
        return dx

    text = said(lambda x: np.maximum(x + bias, 0) ** 2 / 2, backward, ROWS)
    assert "+ dx[z <= 0] = 0" in text, text


def test_a_factor_that_is_the_length_of_a_list_is_told() -> None:
    def backward(dout: Any, table: Any) -> Any:
        dtable = np.zeros_like(table)
        for word in CONTEXT:
            dtable[word] += dout
        return dtable

    text = said(lambda table: table[CONTEXT].mean(axis=0), backward, RNG.normal(size=(6, 3)))
    assert "7, and 7 is the number of elements of CONTEXT" in text


def test_numbers_are_no_softmax() -> None:
    """Of a number each sum is itself, so that the formula of a softmax doubles it."""

    def forward(p: Any, q: Any) -> Any:
        return sum((3.0 - p[i] * q[j]) ** 2 for i in range(3) for j in range(2)), (p, q)

    def backward(dout: Any, cache: Any) -> Any:
        p, q = cache
        dp, dq = np.zeros_like(p), np.zeros_like(q)
        for i in range(3):
            for j in range(2):
                error = 3.0 - p[i] * q[j]
                dp[i] += -2 * dout * error * q[j]
                dq[j] += -1 * dout * error * p[i]
        return dp, dq

    text = said(forward, backward, (RNG.normal(size=3), RNG.normal(size=2)))
    assert "softmax" not in text
    assert "half" in text or "a constant" in text, text


def test_two_rows_have_no_statistics() -> None:
    """A mean and a deviation of two rows fit anything that is the same in both but for a factor of each."""
    inputs = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 1))

    def backward(dout: Any, w: Any, x: Any) -> Any:
        return np.outer(dout * np.cos(np.sin(w @ x)), x), w.T @ (dout * np.cos(w @ x))

    assert "mean and variance" not in said(lambda w, x: np.sin(w @ x) * 1.0, backward, inputs)


def test_a_penalty_of_a_loss_is_told_in_its_own_units() -> None:
    """A loss comes with its gradients: there is no cotangent, and none is named."""

    def loss(w: Any) -> Any:
        return np.sin(w).sum() + 0.15 * (w**2).sum(), np.cos(w)

    finding = check_loss(loss, np.array([1.0, 2.0, 3.0]))["dw"]
    assert "With 3/10 * w added it agrees (got - truth = -3/10 * w)" in finding.explanation


def test_what_is_cached_has_the_name_that_backward_gives_it() -> None:
    def forward(x: Any, y: Any) -> Any:
        z = np.exp(x) + y
        return z * z, (x, z)

    def backward(dout: Any, cache: Any) -> Any:
        first, second = cache
        return dout * second * np.exp(first), 2 * dout * second

    x, y = np.random.default_rng(0).normal(size=(2, 4))
    (finding,) = (each for each in check(forward, backward, (x, y)) if each.verdict == "wrong")
    assert "cache" not in finding.explanation


def test_a_factor_of_an_element_is_no_contribution_that_is_left_out() -> None:
    """Nothing is repeated in these functions: two numbers, each with a gradient of its own."""

    def loss(theta: Any) -> Any:
        a, b = theta
        return np.exp(a) * a + b**2, np.array([np.exp(a) * (1 + a), b])

    finding = check_loss(loss, np.array([0.3, 0.7]))["dtheta"]
    assert "2 times at 1" in finding.explanation
    assert "contributions" not in finding.explanation


def test_an_index_that_is_repeated_is_told() -> None:
    tokens = np.array([0, 2, 2, 1])

    def backward(dout: Any, table: Any, tokens: Any) -> Any:
        return dout * np.isin(np.arange(len(table)), tokens)

    report = check(lambda table, tokens: table[tokens].sum(), backward, (np.random.default_rng(0).normal(size=3), tokens))
    assert "Of several contributions one is kept" in report["dtable"].explanation


def test_one_element_that_is_nearly_right_is_an_approximation() -> None:
    def backward(dout: Any, x: Any) -> Any:
        dx = dout * np.cos(x)
        dx[1] *= 1 + 1e-8
        return dx

    (finding,) = check(np.sin, backward, (np.array([0.5, 1.0, 1.5]),))
    assert "it is 1 +1e-08 times what is right" in finding.explanation
    assert re.search("It is right to [78] digits", finding.explanation), finding.explanation


def test_an_axis_of_length_one_is_no_sum_that_is_missing() -> None:
    x, w = np.random.default_rng(0).normal(size=(2, 4, 3))
    report = check(lambda x, w: x * w, lambda dout, x, w: ((dout * w,), (dout * x,)), (x, w))
    assert "It agrees once axis 0, of length 1, is taken off" in report["dx"].explanation


def test_keepdims_that_is_one_too_many_is_told() -> None:
    def backward(dout: Any, x: Any, bias: Any) -> Any:
        del x, bias
        return dout, dout.sum(axis=0, keepdims=True)

    x, bias = np.random.default_rng(0).normal(size=(4, 3)), np.ones(3)
    said = check(lambda x, bias: x + bias, backward, (x, bias))["dbias"].explanation
    assert "keepdims is one too many. This agrees:\n- dout.sum(axis=0, keepdims=True)\n+ dout.sum(axis=0)" in said


def test_what_is_off_along_directions_alone_is_an_approximation() -> None:
    """By less than the search for an explanation sees of single elements."""

    def backward(dout: Any, x: Any) -> Any:
        return -dout * np.cos(np.cos(x)) * np.sin(x) * (1 + 5e-13)

    (finding,) = check(lambda x: np.sin(np.cos(x)), backward, (np.random.default_rng(1).normal(size=5),))
    assert finding.verdict == "wrong"
    assert "it is right to 12 digits: an approximation" in finding.explanation


def test_a_gradient_of_zeros_is_no_share_of_a_row() -> None:
    """The first row does not depend on the weight: zero is all of its share."""

    def forward(weight: Any, y: Any) -> Any:
        return np.stack([y, np.tanh(weight @ y), np.tanh(weight @ np.tanh(weight @ y))]), (weight, y)

    def backward(dout: Any, cache: Any) -> Any:
        weight, y = cache
        first = np.tanh(weight @ y)
        inner = (1 - np.tanh(weight @ first) ** 2) * dout[2]
        return np.zeros_like(weight), dout[0] + weight.T @ ((1 - first**2) * (dout[1] + weight.T @ inner))

    rng = np.random.default_rng(0)
    report = check(forward, backward, (rng.normal(size=(4, 4)), rng.normal(size=4)))
    assert report["dweight"].verdict == "wrong", report
    assert "the share of row" not in " ".join(str(report).split())


def test_what_is_the_same_on_both_sides_of_a_mask_is_told_once() -> None:
    """The variance is held constant in forward, and is not in backward."""
    x = np.random.default_rng(1).normal(size=(5, 3))

    def backward(dout: Any, x: Any) -> Any:
        normed = (x - x.mean(axis=0)) / x.std(axis=0)
        return dout - dout.mean(axis=0) - normed * (dout * normed).mean(axis=0)

    (finding,) = check(lambda x: x / np.sqrt(1 + 1e-5), backward, (x,))
    assert "elsewhere" not in finding.explanation
    assert "0.999995 * dout agrees" in finding.explanation
