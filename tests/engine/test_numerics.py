"""How a subject is differentiated numerically: in which dtype, with how much noise, from which side."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.derivative.numerics import Numerics
from gradwitness.derivative.oracle import check, check_subject
from gradwitness.subjects.pair import Subject


def relu(x: Any, /) -> Any:
    return np.maximum(x, 0), x


def of_relu(dout: Any, x: Any) -> Any:
    return (dout * (x > 0),)


def numerics(forward: Any, *inputs: Any) -> Numerics:
    return Numerics(Subject(forward, lambda dout, x: (dout,), inputs))


def test_derivatives_are_central_unless_told() -> None:
    found = Numerics(Subject(relu, of_relu, (np.array([0.0, 1.0, -1.0]),)))
    dout = found.subject.cotangent
    assert [round(float(v / d), 6) for v, d in zip(found.entries(0)[0], dout, strict=True)] == [0.5, 1, 0]
    assert round(float(found.along(0, np.ones(3)).value - dout[0] / 2 - dout[1]), 6) == 0


def test_noise_is_measured_at_the_inputs() -> None:
    tiny = numerics(lambda x: (x * 1, x), np.full(3, 1e-10))
    assert 0 < tiny.noise < 1e-10 * 1e-14


def test_noise_has_a_share_of_the_rounding_of_the_inputs() -> None:
    cancelled = numerics(lambda x: (x - 1e8, x), np.full(3, 1e8 + 1))
    assert cancelled.noise > 1e8 * float(np.finfo(np.longdouble).eps)


def test_where_longdouble_is_no_wider_than_float64_the_bar_is_as_much_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    def both() -> Any:
        found = numerics(lambda x: (x * x, x), np.array([1.5, 2.5]))
        return found.entries(0)[1].max(), found.noise

    bar, noise = both()
    ratio = np.finfo(np.float64).eps / np.finfo(np.longdouble).eps
    monkeypatch.setattr(np, "longdouble", np.float64)
    narrow_bar, narrow_noise = both()
    assert 0.1 * ratio < narrow_noise / noise < 10 * ratio
    assert 0.1 * ratio < narrow_bar / bar < 10 * ratio


def test_noise_is_measured_in_a_dtype_that_longdouble_can_tell_from_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "longdouble", np.float64)
    assert numerics(lambda x: (x * x, x), np.array([1.5])).unit_ratio == 2.0**-53 / 2.0**-24


@pytest.mark.parametrize(("mistake", "found"), [(1.0, False), (1 + 1e-9, True)])
def test_a_check_works_where_longdouble_is_float64(mistake: float, found: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "longdouble", np.float64)
    arguments = (lambda x: (x * x, x), lambda dout, x: (2 * mistake * dout * x,), (np.array([1.5, 2.5]),))
    if found:
        with pytest.raises(Disagreement):
            check(*arguments)
    else:
        check(*arguments)


def test_forward_is_differentiated_in_the_widest_dtype_alone() -> None:
    seen: list[Any] = []

    def watched(x: Any, y: Any, /, *, scale: Any) -> Any:
        seen.extend([x.dtype, y.dtype, scale.dtype])
        return x * y * scale, (x, y, scale)

    def of_watched(dout: Any, cache: Any) -> Any:
        x, y, scale = cache
        return dout * y * scale, dout * x * scale

    subject = Subject(watched, of_watched, (np.array([2.0]), np.array([3.0])), {"scale": np.array([0.1])})
    assert subject.cotangent.dtype == np.float64  # drawn by a run in float64
    seen.clear()
    check_subject(subject)
    assert set(seen) == {np.dtype(np.longdouble)}


@pytest.mark.parametrize("n", [3, 50])
def test_a_backward_that_rounds_more_than_its_forward_is_given_as_much(n: int) -> None:
    check(lambda x: (x * x, x), lambda dout, x: ((dout * 2 * x + 1e6) - 1e6,), (np.linspace(1, 2, n),))


def test_steps_out_of_the_domain_warn_of_nothing() -> None:
    check(lambda x: (np.log(x), x), lambda dout, x: (dout / x,), (np.array([0.1]),))


def test_a_gradient_off_by_more_than_it_rounds_is_found_along_a_random_direction() -> None:
    with pytest.raises(Disagreement, match=r"^dx along a random direction"):
        check(lambda x: (x * x, x), lambda dout, x: ((dout * 2 * x + 1e6) - 1e6 + 2.4e-11,), (np.linspace(1, 2, 50),))


def test_steps_along_a_random_direction_are_exact() -> None:
    """x + t v less x is twice x + t v / 2 less x, to the last digit, because v has few."""
    seen = []
    x = 1e6 * np.random.default_rng(0).normal(size=64)

    def watched(x: Any, /) -> Any:
        seen.append(np.array(x))
        return x * x, x

    check(watched, lambda dout, x: (2 * dout * x,), (x,))
    moved = [at - x for at in seen if at.dtype == np.longdouble and np.abs(at - x).max() > 1e-2]  # the others are rounding
    steps = moved[::2]  # up; the others are down
    assert len(steps) >= 3
    assert all(np.array_equal(step, 2 * half) for step, half in pairwise(steps))


def entropy(t: Any, /) -> Any:
    """t log t, which ends at 0, where its slope falls to minus infinity."""
    return np.where(t == 0, 0, t * np.log(np.where(t == 0, 1, t))), t


def mirrored(t: Any, /) -> Any:
    """The same to the left of 0: its slope there grows, to the right it is nan."""
    return entropy(-t)


def falling(t: Any, /) -> Any:
    """The same with a slope of its own: lower at 1 than at 0."""
    return entropy(t)[0] - 5 * t, t


@pytest.mark.parametrize(("forward", "sign"), [(entropy, -1), (mirrored, 1), (falling, -1)])
def test_the_slope_of_an_infinite_derivative_is_seen_from_the_side_where_the_function_is(forward: Any, sign: int) -> None:
    there = Numerics(Subject(forward, lambda dout, t: (dout * np.inf,), (np.zeros(2),)))
    cotangent = there.subject.cotangent
    for index in range(2):
        direction = np.zeros(2, np.longdouble)
        direction[index] = 1
        assert there.slopes(0, direction) == {float(sign * np.sign(cotangent[index]))}


def test_each_element_is_asked_for_its_own_infinity() -> None:
    there = Numerics(Subject(entropy, lambda dout, t: (dout * np.inf,), (np.zeros(8),)))
    right = -np.inf * np.sign(there.subject.cotangent.astype(np.longdouble))
    assert {-1.0, 1.0} == set(np.sign(right).tolist())
    nothing, blind = np.full(8, np.nan, np.longdouble), np.full(8, np.inf)
    assert np.array_equal(there.infinite(0, right, nothing, blind), right)
    assert np.isnan(there.infinite(0, -right, nothing, blind)).all()
