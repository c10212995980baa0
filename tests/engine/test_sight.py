"""`check` where agreement proves little: zero gradients, kinks, wide bars, infinities. It says so, or says what it can."""

from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.derivative.oracle import Vacuous, check

ZERO = r"^dx is zero within rounding: no backward could fail here\. If that is the mathematics, declare it zero$"


def squared(x: Any, /) -> Any:
    return x * x, x


def of_squared(dout: Any, x: Any) -> Any:
    return (2 * dout * x,)


def test_a_zero_gradient_is_vacuous_unless_declared_and_only_then() -> None:
    def constant(x: Any, /) -> Any:
        return x - x, x

    def zeros(dout: Any, x: Any) -> Any:
        return (dout * 0 * x,)

    with pytest.raises(Vacuous, match=ZERO):
        check(constant, zeros, (np.ones(3),))
    assert check(constant, zeros, (np.ones(3),), zero=("x",))
    with pytest.raises(Disagreement, match=r"^dx: declared zero, but its norm is [0-9.]+$"):
        check(squared, of_squared, (np.array([1.0, 2.0]),), zero=("x",))


def relu(x: Any, /) -> Any:
    return np.maximum(x, 0), x


def with_slope(at_zero: float) -> Any:
    return lambda dout, x: (dout * np.where(x == 0, at_zero, x > 0),)


POINT = np.array([-1.0, 0.0, 1.0])


@pytest.mark.parametrize("member", [0.0, 0.25, 1.0])
def test_at_a_kink_any_subgradient_passes(member: float) -> None:
    check(relu, with_slope(member), (POINT,), kink=True)


@pytest.mark.parametrize("outsider", [-0.1, 1.1])
def test_at_a_kink_nothing_else_passes(outsider: float) -> None:
    with pytest.raises(Disagreement, match=r"^dx\[1\]"):
        check(relu, with_slope(outsider), (POINT,), kink=True)


def test_beside_a_kink_the_gradient_is_one_value() -> None:
    with pytest.raises(Disagreement, match=r"^dx\[2\]"):
        check(relu, lambda dout, x: (dout * np.where(x > 0, 0.5, 0),), (POINT,), kink=True)


def test_at_a_kink_every_gradient_is_checked() -> None:
    def sum_of_relus(x: Any, y: Any, /) -> Any:
        return np.maximum(x, 0) + np.maximum(y, 0), (x, y)

    with pytest.raises(Disagreement, match=r"^dy\["):
        check(sum_of_relus, lambda dout, cache: (dout * (cache[0] > 0), dout * 2), (POINT, POINT), kink=True)


@pytest.mark.parametrize("sign", [1, -1])
def test_at_a_kink_the_bars_of_both_sides_count(sign: int) -> None:
    """One side is curved, the other a line: their bars differ by orders of magnitude."""

    def bent(x: Any, /) -> Any:
        x = sign * x
        return np.where(x > 0, np.expm1(np.minimum(5 * np.abs(x), 9)), 2 * x), x

    check(bent, lambda dout, x: (dout * sign * np.where(x > 0, 5 * np.exp(5 * np.abs(x)), 2),), (np.zeros(2),), kink=True)


def test_at_a_kink_zero_is_a_member_and_no_blindness() -> None:
    assert check(relu, with_slope(0.0), (np.zeros(3),), kink=True)


def test_at_a_kink_a_gradient_of_two_zero_sides_may_be_declared() -> None:
    assert check(lambda x: (0 * x + 1, x), lambda dout, x: (0 * dout * x,), (np.ones(3),), kink=True, zero=("x",))


def test_at_a_kink_a_backward_that_rounds_more_than_its_forward_is_given_as_much() -> None:
    check(relu, lambda dout, x: ((dout * (x > 0) + 1e6) - 1e6,), (POINT,), kink=True)


def test_at_a_kink_of_both_zero_sides_the_check_is_vacuous() -> None:
    with pytest.raises(Vacuous, match=r"^dx is zero within rounding"):
        check(lambda x: (0 * x, x), lambda dout, x: (0 * dout * x,), (np.zeros(3),), kink=True)


def test_at_a_kink_a_blind_bar_is_vacuous() -> None:
    with pytest.raises(Vacuous, match=r"^dx: the error bar"):
        check(lambda x: ((np.maximum(x, 0) + 1e12) - 1e12, x), with_slope(1.0), (POINT,), kink=True)


@pytest.mark.parametrize(("slope", "blind"), [(1e-4, True), (1.0, True), (30.0, True), (300.0, False), (1e4, False)])
def test_a_bar_is_blind_in_relation_to_the_gradient(slope: float, blind: bool) -> None:
    """(x + 1e12) - 1e12 loses so many digits that the bar is 6e-5."""
    arguments = (lambda x: ((slope * x + 1e12) - 1e12, x), lambda dout, x: (dout * slope,), (np.ones(2),))
    if blind:
        with pytest.raises(
            Vacuous, match=r"^dx: the error bar [0-9.e-]+ is not small against the norm of the gradient, [0-9.e-]+$"
        ):
            check(*arguments)
    else:
        check(*arguments)


def test_a_gradient_of_no_elements_is_vacuous() -> None:
    with pytest.raises(Vacuous, match=r"^dx is zero within rounding"):
        check(lambda x: (x * 1, x), lambda dout, x: (dout,), (np.zeros((0, 3)),))


def test_where_the_quotients_have_no_limit_only_the_infinity_of_their_sign_is_right() -> None:
    def entropy(t: Any, /) -> Any:
        return np.where(t == 0, 0, t * np.log(np.where(t == 0, 1, t))), t

    def of_entropy(at_zero: float) -> Any:
        return lambda dout, t: (dout * np.where(t == 0, at_zero, np.log(np.where(t == 0, 1, t)) + 1),)

    check(entropy, of_entropy(-np.inf), (np.array([0.0, 0.5]),))  # log t + 1 falls to minus infinity
    for wrong in (np.inf, 0.0, 7.0, np.nan):
        with pytest.raises((Disagreement, Vacuous)):
            check(entropy, of_entropy(wrong), (np.array([0.0, 0.5]),))


@pytest.mark.parametrize("wrong", [np.inf, -np.inf])
def test_elsewhere_an_infinite_gradient_is_wrong(wrong: float) -> None:
    with pytest.raises(Disagreement, match=r"^dx\[0\]"):
        check(lambda x: (x * x, x), lambda dout, x: (2 * dout * x * [wrong, 1],), (np.array([1.0, 2.0]),))


def test_nan_in_the_inputs_is_a_verdict() -> None:
    with pytest.raises(Vacuous, match="the gradient, nan"):  # nan equals nan, and proves nothing
        check(squared, of_squared, (np.full((2, 3), np.nan),))
