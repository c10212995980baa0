"""Kinks: is a point found within rounding of one exactly where honest computations may part?"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff
from gradwitness.derivative.kinks import Kink, nearest
from gradwitness.subjects.pair import Subject

U = unit_roundoff("float32")


def at(function: Callable[..., Any], *inputs: Any, **static: Any) -> Kink:
    """The nearest kink of a function; its backward is never asked."""

    def forward(*arrays: Any, **options: Any) -> tuple[Any, None]:
        return function(*arrays, **options), None

    arrays = tuple(np.asarray(x, dtype=float) for x in inputs)
    subject = Subject(forward, lambda dout, cache: (), arrays, static)  # type: ignore[arg-type]
    return nearest(subject, "float32")


DECISIONS: dict[str, Callable[[Any], Any]] = {
    "greater": lambda x: np.where(x > 1, x, 2 * x),
    "less_equal": lambda x: np.where(x <= 1, x, 2 * x),
    "maximum": lambda x: np.maximum(x, 1),
    "maximum of two": lambda x: np.maximum(x, 2 - x),
    "in place": lambda x: np.maximum(x, 1, out=x * 2),
    "clip": lambda x: np.clip(x, -5, 1),
    "absolute": lambda x: np.abs(x - 1),
    "sign": lambda x: (x - 1) * np.sign(x - 1),
    "copysign": lambda x: np.copysign(x, x - 1),
    "heaviside": lambda x: np.heaviside(x - 1, 0.5) * x,
    "floor": lambda x: x - np.floor(x),
    "rint": lambda x: np.rint(x / 2),
    "largest": lambda x: np.concatenate([x, np.ones(1)]).max(keepdims=True),
    "smallest": lambda x: np.concatenate([x, np.ones(1)]).min(axis=0),
    "where it is": lambda x: x[np.concatenate([x, np.ones(1)]).argmax(keepdims=True) * 0],
    "where the smallest is": lambda x: x[np.concatenate([x, np.ones(1)]).argmin(keepdims=True) * 0],
    "a branch": lambda x: x if x[0] > 1 else 2 * x,
    "truth value": lambda x: x if (x - 1).any() else 2 * x,
}


@pytest.mark.parametrize("name", DECISIONS)
def test_a_point_on_a_kink_or_a_few_roundings_from_it_is_found(name: str) -> None:
    for off in (0.0, 2 * U, -2 * U):
        assert at(DECISIONS[name], [1 + off]).within_rounding


@pytest.mark.parametrize("name", DECISIONS)
def test_a_point_away_from_it_is_let_through(name: str) -> None:
    for off in (1e-3, -1e-3):
        kink = at(DECISIONS[name], [1 + off])
        assert not kink.within_rounding
        assert kink.gap > 4e-4


def test_what_decides_nothing_has_no_kink() -> None:
    assert at(lambda x: np.exp(np.tanh(x) * 2 + x @ x), [0.5, -1.0]) == Kink(float("inf"))


def test_the_distance_is_in_units_of_the_rounding_that_the_decision_suffers() -> None:
    """1000 x - 1000 y + x decides with a thousand times the rounding of x - y: a gap that is safe here is not there."""
    x, y = np.array([1.0]), np.array([1 - 4e-4])
    assert not at(lambda x, y: np.maximum(x - y, 0), x, y).within_rounding
    assert at(lambda x, y: np.maximum((1000 * x + 7e3) - (1000 * y + 7e3 + 0.4), 0), x, y).within_rounding


def test_the_nearest_of_several_is_named() -> None:
    kink = at(lambda x: np.maximum(np.clip(x, -9, 9), 0), [3.0, 1e-3, -2.0])
    assert (kink.decision, kink.index) == ("maximum", (1,))
    assert "maximum[1]" in str(kink)


def test_a_tie_that_nothing_can_break_is_no_kink() -> None:
    """A window of relu's zeros, and two copies of one number: whoever wins, the gradient is the same."""
    assert not at(lambda x: np.maximum(x, 0).max(), [-1.0, -2.0, -3.0]).within_rounding
    assert not at(lambda x: np.concatenate([x, x]).argmax(keepdims=True) + 0 * x, [1.5]).within_rounding


def test_a_continuous_choice_that_does_not_depend_on_the_inputs_is_no_kink() -> None:
    """Rounded copies of one number, and a constant hat function on its foot: a gradient is the same whoever wins."""
    assert not at(lambda x: np.maximum(x * 3, x * 3), [1.0]).within_rounding
    third = np.full(1, 3.0)
    assert not at(lambda x: x * np.maximum(np.zeros_like(x) + third / 3 - 1, 0), [2.0]).within_rounding


def test_a_jump_that_rounding_can_take_is_a_kink_though_it_does_not_depend_on_the_inputs() -> None:
    assert at(lambda x: x * np.floor((np.zeros_like(x) + 1) / 3 * 3), [2.0]).within_rounding


def test_a_tie_that_rounding_can_break_is_one_though_it_is_exact_in_the_truth() -> None:
    assert at(lambda x, y: np.maximum(x * 3, y + y + y), [1.0], [1.0]).within_rounding
    assert at(lambda x: np.where(x * 3 > x + x + x, x, 2 * x), [1.0]).within_rounding


def test_a_tie_of_inputs_is_a_kink_and_so_are_zeros_among_them() -> None:
    assert at(lambda x: x.max(), [2.0, 2.0, 1.0]).within_rounding
    assert at(lambda x: np.maximum(x, 0), np.zeros(3)).within_rounding


def test_comparisons_of_what_is_not_differentiated_do_not_count() -> None:
    assert at(lambda x, labels: np.where(labels > 0, x, -x), [1.0, 2.0], labels=np.array([0.0, 1.0])) == Kink(float("inf"))


def test_infinities_of_a_mask_or_of_padding_do_not_count() -> None:
    padded = np.array([-np.inf, -np.inf])
    assert not at(lambda x: np.concatenate([padded, x]).max(), [1.0, 2.0]).within_rounding
    assert not at(lambda x: np.maximum(np.concatenate([padded, x]), -np.inf), [1.0, 2.0]).within_rounding


def test_where_rounding_changes_what_is_decided_the_distance_is_zero() -> None:
    def stepwise(x: Any) -> Any:
        while x[0] >= 1:
            x = x / 3 * 3 - 1
        return x

    assert at(stepwise, [1.0]).distance == 0.0


def test_a_wider_dtype_tells_more_points_apart() -> None:
    subject = Subject(lambda x: (np.maximum(x, 0), None), lambda dout, cache: (), (np.array([1e-7, 1.0]),))
    assert nearest(subject, "float32").within_rounding
    assert not nearest(subject, "float64").within_rounding


@pytest.mark.parametrize("function", [lambda x: np.maximum.reduceat(x, [0]), lambda x: x % 1, lambda x: x // 1])
def test_what_cannot_be_watched_is_refused(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="unwatched"):
        at(function, [1.0, 2.0])


def test_beyond_the_bound_rounding_does_not_turn_a_decision() -> None:
    """The rule itself: on points just outside, float32 in any order of summation takes the truth's side."""
    rng = np.random.default_rng(0)
    parted = let_through = 0
    for trial in range(300):
        x = rng.normal(size=40).astype(np.float32).astype(float)
        x[-1] = np.float32(-x[:-1].sum() + rng.normal() * (20 if trial % 2 else 2000) * U)
        kink = at(lambda x: np.maximum(x.sum(keepdims=True), 0), x)
        let_through += not kink.within_rounding
        sides = {bool(x.astype(np.float32)[rng.permutation(40)].cumsum()[-1] > 0) for _ in range(20)} | {bool(x.sum() > 0)}
        parted += len(sides) > 1
        assert kink.within_rounding or len(sides) == 1, kink
    assert parted > 20
    assert let_through > 20
