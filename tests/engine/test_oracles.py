"""`check`: it passes a right backward, and finds what is wrong with a wrong one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.derivative.oracle import check, check_subject
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject


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


@pytest.mark.parametrize(
    ("wrong", "came"),
    [
        (1.0, "a float"),
        (np.array([[1, 2, 3]]), "an array of int64"),
        ([[1.0, 2.0, 3.0]], "a float"),
        ({"a": np.array([True])}, "an array of bool"),
    ],
)
def test_an_input_that_is_no_array_of_floats_is_named(wrong: Any, came: str) -> None:
    with pytest.raises(TypeError, match=rf"^input x is {came}; wanted an array of floats, or a dict of them$"):
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


def test_a_detached_member_of_out_asks_for_no_gradient() -> None:
    def forward(x: Any, /) -> Any:
        return (x * x, x.sum(keepdims=True)), x

    subject = Subject(forward, lambda dout, x: (2 * dout[0] * x,), (np.arange(1.0, 5.0),), seed=3)
    with pytest.raises(Disagreement, match=r"^dx\["):
        check_subject(subject)
    check_subject(replace(subject, detached=(1,)))


@pytest.mark.parametrize(("size", "name"), [(32, "dx"), (33, "dx along a random direction")])
def test_up_to_32_elements_are_checked_one_by_one(size: int, name: str) -> None:
    with pytest.raises(Disagreement) as found:
        check(lambda x: (x * x, x), lambda dout, x: (3 * dout * x,), (np.arange(1.0, size + 1),))
    assert found.value.gradient == name


@pytest.mark.parametrize("n", [4, 40])
def test_the_distances_depend_on_the_seed_which_is_0_unless_given(n: int) -> None:
    by_default, zero, one = (check(forward, backward, inputs(n), **seed) for seed in ({}, {"seed": 0}, {"seed": 1}))
    assert by_default == zero != one


def test_parameters_in_a_dict_are_gradients_of_their_own() -> None:
    def affine(params: Any, x: Any, /) -> Any:
        return params["scale"] * x + params["shift"], (params, x)

    def of_affine(dout: Any, cache: Any) -> Any:
        params, x = cache
        return {"scale": dout * x, "shift": dout}, dout * params["scale"]

    params, x = {"scale": np.array([2.0, 3.0]), "shift": np.array([1.0, -1.0])}, np.array([0.5, 4.0])
    assert list(check(affine, of_affine, (params, x))) == ["dparams[scale]", "dparams[shift]", "dx"]
    with pytest.raises(Disagreement, match=r"^dx: declared zero"):
        check(affine, of_affine, (params, x), zero=("x",))
