"""Points at which a part of a function has no derivative, or cannot be moved: each is told for what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function


def zero(_dout: Any, x: Any) -> Any:
    return np.zeros_like(x)


def test_a_jump_at_zero_is_a_jump() -> None:
    report = check(np.sign, zero, (np.array([0.0, 1.0]),))
    assert [finding.verdict for finding in report] == ["jump"]
    assert check(np.sign, zero, (np.array([-0.5, 1.0]),)).verdict == "right"


@pytest.mark.parametrize(("factor", "verdict"), [(1, "undefined"), (1.001, "wrong")])
def test_zeros_that_a_mask_takes_out_jump_and_nothing_else_does(factor: float, verdict: str) -> None:
    """As padding does behind Keras's Masking: the gradient is that of the mask as it is."""

    def forward(x: Any) -> Any:
        return np.where(x == 0, 0, np.exp(x)).sum(axis=-1)

    def backward(dout: Any, x: Any) -> Any:
        return factor * dout[:, None] * np.where(x == 0, 0, np.exp(x))

    (finding,) = check(forward, backward, (np.array([[0.3, -0.7, 0.0], [1.2, 0.0, 0.0]]),))
    assert finding.verdict == verdict
    if factor == 1:
        assert finding.message.startswith("At x[0, 2], x[1, 1], x[1, 2] forward jumps")
    else:
        assert finding.where == ((0, 0), (0, 1), (1, 0))


def shrunk(x: Any) -> Any:
    return np.where(np.abs(x) > 0.5, x, 0)


def test_a_jump_to_either_side_is_a_jump() -> None:
    report = check(shrunk, lambda dout, x: dout * (np.abs(x) > 0.5), (np.array([0.5, -0.5, 1.0]),))
    assert [finding.verdict for finding in report] == ["jump"]


def power(x: Any, y: Any) -> Any:
    return x**y


def of_power(dout: Any, x: Any, y: Any) -> Any:
    return dout * y * x ** (y - 1), dout * np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0) * x**y


def with_a_mistake(dout: Any, x: Any, y: Any) -> Any:
    dx, dy = of_power(dout, x, y)
    return dx, 1.001 * dy


def test_arguments_that_leave_the_domain_together_are_moved_alone() -> None:
    """(-h)^(2 + h) has no real value, and (-h)^2 and 0^(2 + h) have one."""
    at = (np.array([0.0, 2.0]), np.array([2.0, 3.0]))
    assert check(power, of_power, at).verdict == "right"
    assert [finding.verdict for finding in check(power, with_a_mistake, at)] == ["right", "wrong"]


def eigenvalues(x: Any) -> Any:
    return np.linalg.eigvalsh((x + x.T) / 2)


def of_eigenvalues(dout: Any, x: Any) -> Any:
    vectors = np.linalg.eigh((x + x.T) / 2)[1]
    return (vectors * dout) @ vectors.T


@pytest.mark.parametrize("seed", range(4))
def test_eigenvalues_that_coincide(seed: int) -> None:
    report = check(eigenvalues, of_eigenvalues, (np.eye(3),), seed=seed)
    assert report.verdict == "right", str(report)
    apart = np.diag([1.0, 2.0, 4.0])
    assert check(eigenvalues, of_eigenvalues, (apart,), seed=seed).verdict == "right"
    assert check(eigenvalues, lambda dout, x: of_eigenvalues(1.001 * dout, x), (apart,), seed=seed).verdict == "wrong"


def of_the_median(*winners: float) -> Any:
    """A backward that gives shares of the cotangent to the three middle elements of five."""
    return lambda dout, x: dout * np.array([0, *winners, 0])


@pytest.mark.parametrize("winners", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1 / 4, 1 / 2, 1 / 4)])
@pytest.mark.parametrize("seed", range(3))
def test_a_median_of_three_that_tie(winners: tuple[float, ...], seed: int) -> None:
    """Moved alone, none of the three changes the median; each of them is the median of some points nearby."""
    report = check(np.median, of_the_median(*winners), (np.array([1.0, 2.0, 2.0, 2.0, 5.0]),), seed=seed)
    assert report.verdict == "right", str(report)


@pytest.mark.parametrize("winners", [(1, 1, 1), (0, 0, 0), (2, -1, 0), (1 / 2, 1 / 2, 1 / 2), (0, 1.001, 0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_median_of_three_that_tie_is_wrong(winners: tuple[float, ...], seed: int) -> None:
    assert check(np.median, of_the_median(*winners), (np.array([1.0, 2.0, 2.0, 2.0, 5.0]),), seed=seed).verdict == "wrong"


@pytest.mark.parametrize("apart", [1e-12, 6e-9, -1e-7, 6e-7])
def test_a_median_of_four_that_tie_with_a_value_very_near(apart: float) -> None:
    """Points nearby move the four further than the fifth is away."""
    x = np.array([-1.0, -0.5, 0.0, 0.0, 0.0, 0.0, apart, 0.7, 1.2])

    def backward(*winners: float) -> Any:
        return lambda dout, x: dout * np.array([0, 0, *winners, 0, 0, 0])

    report = check(np.median, backward(0, 0, 1, 0), (x,))
    assert report.verdict == "right", str(report)
    for winners in ((1, 1, 1, 1), (0, 0, 0, 0), (2, -1, 0, 0), (0, 0, 1.01, 0)):
        assert check(np.median, backward(*winners), (x,)).verdict == "wrong"


def middle(x: Any, y: Any, z: Any) -> Any:
    return np.maximum(np.minimum(x, y), np.minimum(np.maximum(x, y), z))


@pytest.mark.parametrize("seed", range(3))
def test_what_ties_in_several_arguments(seed: int) -> None:
    one = np.array(1.5)
    assert check(middle, lambda dout, *_: (0 * dout, dout, 0 * dout), (one, one, one), seed=seed).verdict == "right"
    assert check(middle, lambda dout, *_: (dout, dout, dout), (one, one, one), seed=seed).verdict == "wrong"


def two_largest(x: Any) -> Any:
    return np.sort(x)[..., -2:]


def of_two_largest(dout: Any, x: Any) -> Any:
    dx = np.zeros_like(x)
    dx[np.argsort(x, kind="stable")[-2:]] = dout
    return dx


@pytest.mark.parametrize("seed", range(3))
def test_the_two_largest_of_three_that_tie(seed: int) -> None:
    x = np.array([1.0, 1.0, 1.0, 0.0])
    report = check(two_largest, of_two_largest, (x,), seed=seed)
    assert report.verdict == "right", str(report)
    for factor in (-1, 2, 1.001):
        assert check(two_largest, lambda dout, x, by=factor: by * of_two_largest(dout, x), (x,), seed=seed).verdict == "wrong"


def no_nan(x: Any, y: Any) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


def of_no_nan(dout: Any, x: Any, y: Any) -> Any:
    safe = np.where(y == 0, 1, y)
    return dout * np.where(y == 0, 0, 1 / safe), dout * np.where(y == 0, 0, -x / safe**2)


@pytest.mark.parametrize("seed", range(3))
def test_a_pole_makes_no_other_element_wrong(seed: int) -> None:
    """Beside y = 0 quotients are large, and their noise hid the other's slope, up to steps at which all is flat."""
    report = check(no_nan, of_no_nan, (np.array([1.0, 2.0]), np.array([0.0, 3.0])), seed=seed)
    assert report.verdict == "cannot tell", str(report)


def branches(x: Any) -> Any:
    return np.where(x[0] > 0, 2 * x, 3 * x + 1)


def of_branches(dout: Any, x: Any) -> Any:
    return dout * np.where(x[0] > 0, 2.0, 3.0)


@pytest.mark.parametrize("seed", range(3))
def test_a_jump_between_slopes_is_no_noise_and_is_told_with_both_sides(seed: int) -> None:
    (finding,) = check(branches, of_branches, (np.array([0.0, 1.0, 2.0]),), seed=seed)
    assert finding.verdict == "jump"
    assert finding.message.startswith("Forward jumps at x[0]: out[2] is 7 below it, 7 there and 4 above it. It has no")
    assert check(branches, of_branches, (np.array([0.1, 1.0, 2.0]),), seed=seed).verdict == "right"


@pytest.mark.parametrize("seed", range(3))
def test_a_remainder_jumps_at_a_multiple(seed: int) -> None:
    def of_remainder(dout: Any, x: Any, y: Any) -> Any:
        return dout, -dout * np.floor(x / y)

    first, second = check(np.remainder, of_remainder, (np.array([3.0, 2.5]), np.array([1.0, 1.0])), names=("x", "y"), seed=seed)
    assert first.message.startswith("Forward jumps at x[0]: out[0] is 1 below it, 0 there and 0 above it")
    assert second.message.startswith("Forward jumps at y[0]: out[0] is 0 below it, 0 there and 1 above it")
    at = (np.array([3.2, 2.5]), np.array([1.0, 1.0]))
    assert check(np.remainder, of_remainder, at, names=("x", "y"), seed=seed).verdict == "right"


def quotient(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0."""
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


@pytest.mark.parametrize("factor", [1, 1.001])
def test_an_element_at_a_pole_hides_no_other(factor: float) -> None:
    """Beside y[0] forward has no bounds. Moved with it, nothing else could be seen."""

    def backward(dout: Any, x: Any, y: Any) -> Any:
        return dout * quotient(1, y), -factor * dout * x * quotient(1, y) ** 2

    report = check(quotient, backward, (np.array([0.3, 1.0, 2.0]), np.array([0.0, 3.0, 4.0])))
    assert [finding.verdict for finding in report] == ["right", "undefined" if factor == 1 else "wrong"]
    assert report["dy"].where == (() if factor == 1 else ((1,), (2,)))


@pytest.mark.parametrize("factor", [1, 1.001])
def test_a_mask_that_jumps_hides_no_parameter(factor: float) -> None:
    """Rows of zeros are padding: forward jumps where they are moved. The gradient of the weight is judged all the same."""

    def forward(x: Any, weight: Any) -> Any:
        return np.where((x == 0).all(-1, keepdims=True), 0, np.tanh(x @ weight + 1))

    def backward(dout: Any, x: Any, weight: Any) -> Any:
        inner = dout * np.where((x == 0).all(-1, keepdims=True), 0, 1 - np.tanh(x @ weight + 1) ** 2)
        return inner @ weight.T, factor * x.T @ inner

    numbers = np.random.default_rng(0)
    x = np.concatenate([numbers.normal(size=(3, 2)), np.zeros((2, 2))])
    report = check(forward, backward, (x, numbers.normal(size=(2, 4))))
    assert report["dweight"].verdict == ("right" if factor == 1 else "wrong"), str(report)


def looked_up(table: Any, x: Any) -> Any:
    return table[np.floor(x).astype(int)] * x


def of_looked_up(dout: Any, table: Any, x: Any) -> Any:
    dtable = np.zeros_like(table)
    np.add.at(dtable, np.floor(x).astype(int), dout * x)
    return dtable, dout * table[np.floor(x).astype(int)]


def overwritten(dout: Any, table: Any, x: Any) -> Any:
    dtable = np.zeros_like(table)
    dtable[np.floor(x).astype(int)] = dout * x
    return dtable, dout * table[np.floor(x).astype(int)]


@pytest.mark.parametrize(("backward", "verdict"), [(of_looked_up, "right"), (overwritten, "wrong")])
def test_a_whole_number_that_picks_an_element_of_a_table(backward: Any, verdict: str) -> None:
    """Moved by its last digit it may pick another element. Rounding does not move it."""
    table, x = np.array([0.3, -1.2, 0.7, 2.1]), np.array([1.0, 1.0, 2.6, 3.0])
    report = check(looked_up, backward, (table, x))
    assert report["dtable"].verdict == verdict, str(report)
    assert report["dx"].verdict == "jump"


def test_the_same_where_a_framework_gives_no_gradient_for_the_number() -> None:
    torch = pytest.importorskip("torch", reason="its table is looked up")
    table, x = torch.tensor([0.3, -1.2, 0.7, 2.1]), torch.tensor([1.0, 1.0, 2.6, 3.0])
    report = check_function(lambda table, x: table[x.long()], (table, x))
    assert report["dtable"].verdict == "right", str(report)


ROOTS = np.array([0.0, 1.3, 4.0, 0.7])


def roots(x: Any) -> Any:
    return np.sqrt(x), x


def test_an_infinite_slope_is_no_mistake_of_backward() -> None:
    with np.errstate(divide="ignore"):
        finding = check(roots, lambda dout, x: dout / (2 * np.sqrt(x)), (ROOTS,))["dx"]
    assert finding.verdict == "undefined"
    assert "It is inf at dx[0], where forward has no finite slope" in finding.message


def test_beside_an_infinite_slope_the_other_elements_are_judged() -> None:
    with np.errstate(divide="ignore"):
        finding = check(roots, lambda dout, x: dout / np.sqrt(x), (ROOTS,))["dx"]
    assert (finding.verdict, finding.where) == ("wrong", ((1,), (2,), (3,)))


def test_nan_where_there_is_a_slope_is_counted() -> None:
    with np.errstate(invalid="ignore"):
        finding = check(lambda x: (x * x, x), lambda dout, x: 2 * dout * x * x / x, (ROOTS,))["dx"]
    assert (finding.verdict, finding.wrong, finding.where) == ("wrong", 1, ((0,),))
    assert finding.message == "It has nan or inf where forward is finite"
