"""Monte Carlo arithmetic: how NumPy is called. Where results go, what kind they are, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift
from tests.rounding import lifted, units, upward

MASK = np.array([True, False, True])


def test_a_result_is_put_where_out_says() -> None:
    x, out = upward(np.ones(3)), upward(np.zeros(3))
    assert np.add(x, x, out=out) is out
    assert units(out, 2) == [1, 1, 1]


def test_an_operation_on_plain_arrays_rounds_where_its_result_goes_into_a_perturbed_one() -> None:
    out = upward(np.zeros(3))
    assert np.add(np.ones(3), np.ones(3), out=out) is out
    assert units(out, 2) == [1, 1, 1]


def test_several_results_are_put_where_out_says() -> None:
    x, fraction, whole = upward([1.5, 2.25]), upward(np.zeros(2)), upward(np.zeros(2))
    found = np.modf(x, out=(fraction, whole))
    assert [a is b for a, b in zip(found, (fraction, whole), strict=True)] == [True, True]
    assert units(fraction, [0.5, 0.25]) == [1, 1]
    assert units(whole, [1, 2]) == [1, 1]


@pytest.mark.parametrize("mask", [MASK, lifted(MASK * 1.0).astype(bool)])
def test_where_leaves_out_alone_elsewhere(mask: Any) -> None:
    x, out = upward([2.0, 0.0, 4.0]), upward([7.0, 7.0, 7.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.divide(1, x, out=out, where=mask) is out
    assert units(out, [0.5, 7, 0.25]) == [1, 0, 1]


@pytest.mark.parametrize("mask", [MASK, lifted(MASK * 1.0).astype(bool)])
def test_where_picks_the_terms_of_a_sum(mask: Any) -> None:
    assert units(upward([2.0, 3.0, 4.0]).sum(axis=0, where=mask), 6) == [2]


def test_a_masked_sum_goes_where_out_says() -> None:
    out = upward(np.zeros(2))
    assert upward(np.ones((3, 2))).sum(axis=0, where=MASK[:, None], out=out) is out
    assert units(out, 2) == [2, 2]


def test_a_mask_alone_is_nothing_to_watch() -> None:
    with pytest.raises(TypeError, match=r"^no Perturbed array among the arguments$"):
        np.exp(np.ones(3), where=lifted(MASK * 1.0).astype(bool), out=np.zeros(3))


def test_options_of_a_call_reach_numpy() -> None:
    assert np.add(lifted(np.ones(3)), 1, dtype=np.longdouble).dtype == np.longdouble
    assert np.add.reduce(lifted(np.ones((3, 2))), axis=1, keepdims=True).shape == (3, 1)


def test_comparisons_are_plain_truth_values() -> None:
    x = lifted([1.0, -1.0])
    assert type(x > 0) is np.ndarray
    assert (x > 0).dtype == bool
    assert (x > 0).tolist() == [True, False]


def test_integers_stay_integers() -> None:
    assert isinstance(lifted([1.0, 2.0]).astype(int)[0], np.integer)


@pytest.mark.parametrize("results", [np.modf(lifted([1.5])), np.broadcast_arrays(lifted([1.5]), lifted([[2.5]]))])
def test_several_results_are_watched_each(results: Any) -> None:
    assert isinstance(results, tuple)
    assert [type(r) for r in results] == [Perturbed, Perturbed]
    assert all(r.noise.dtype == np.float32 for r in results)


def test_a_product_of_nothing_is_empty() -> None:
    assert np.dot(lifted(np.zeros((0, 3))), lifted(np.zeros((3, 2)))).shape == (0, 2)


UNWATCHED = r"computes on plain arrays, which are not watched; write it with ufuncs and reductions$"
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "norm": (np.linalg.norm, rf"^numpy\.norm {UNWATCHED}"),
    "inverse": (np.linalg.inv, rf"^numpy\.inv {UNWATCHED}"),
    "solve": (lambda x: np.linalg.solve(x, x[0]), rf"^numpy\.solve {UNWATCHED}"),
    "outer": (lambda x: np.outer(x[0], x[0]), rf"^numpy\.outer {UNWATCHED}"),
    "trace": (np.trace, rf"^numpy\.trace {UNWATCHED}"),
    "histogram": (np.histogram, rf"^numpy\.histogram {UNWATCHED}"),
    "dot into out": (lambda x: np.dot(x, x, out=x), r"^numpy\.dot is not watched with out; use the array that it returns$"),
    "dot into a third argument": (lambda x: np.dot(x, x, x), r"^numpy\.dot is not watched with out"),
    "einsum into out": (lambda x: np.einsum("ij->ji", x, out=x), r"^numpy\.einsum is not watched with out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_computes_unwatched_is_refused(name: str) -> None:
    function, message = REFUSED[name]
    with pytest.raises(TypeError, match=message):
        function(lifted(3 * np.eye(2)))


def test_an_out_of_none_is_none() -> None:
    assert isinstance(np.einsum("ij->ji", lifted(np.eye(2)), out=None), Perturbed)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_where_the_largest_or_smallest_is_is_told_as_numpy_tells_it(name: str) -> None:
    x = np.array([[3.0, 1.0, 2.0], [1.0, 5.0, 4.0]])
    ours, numpys, out = getattr(lifted(x), name), getattr(x, name), np.zeros(2, np.intp)
    assert ours() == numpys()
    assert ours(1).tolist() == numpys(1).tolist()
    assert ours(0, keepdims=True).tolist() == numpys(0, keepdims=True).tolist()
    assert ours(1, out) is out
    assert out.tolist() == numpys(1).tolist()


class Asked(Noise):
    """Noise that keeps what it is told of."""

    def decides(self, name: str, method: str, operands: Any, kwargs: Any) -> None:
        self.told = (name, method, [type(operand) for operand in operands], dict(kwargs))


@pytest.mark.parametrize(
    ("decide", "told"),
    [
        (lambda x: x.argmax(1), ("argmax", "reduce", [np.ndarray], {"axis": 1})),
        (lambda x: x.argmin(axis=0), ("argmin", "reduce", [np.ndarray], {"axis": 0})),
        (lambda x: x > 0, ("greater", "__call__", [np.ndarray, int], {})),
        (lambda x: np.maximum.reduce(x, axis=1), ("maximum", "reduce", [np.ndarray], {"axis": 1})),
    ],
)
def test_a_decision_is_told_of(decide: Callable[[Any], Any], told: Any) -> None:
    x = lift(Asked("float32", np.random.default_rng(0)), np.ones((2, 3)))
    decide(x)
    assert x.noise.told == told
