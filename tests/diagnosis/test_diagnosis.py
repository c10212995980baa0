"""A wrong gradient is told with the mistake that explains it, and never with another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check, check_loss
from gradwitness.diagnosis.case import Case, Explanation, Measurement, Repair
from gradwitness.diagnosis.diagnose import diagnose, explain
from tests.diagnosis.mistakes import Array, Mistake, gradients, layer_norm, linear, mistakes, softmax, tanh

MISTAKES = list(mistakes())


def explanations(*arguments: Any) -> list[str]:
    """The explanations of the gradients that are wrong."""
    return [finding.explanation for finding in check(*arguments) if finding.explanation]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_mistake_is_named(mistake: Mistake) -> None:
    first = explanations(mistake.forward, mistake.backward, mistake.inputs)[0]
    assert isinstance(first, Explanation), first
    assert (first.kind, mistake.words in first) == (mistake.kind, True), first


def coupled(x: Array, weight: Array) -> tuple[Array, None]:
    return np.sin(x @ x.T) * np.cos(weight @ x) / (2 + weight.sum()), None


def garbage(seed: int, *shapes: tuple[int, ...]) -> tuple[tuple[Array, ...], Any]:
    """Random inputs, and a backward that returns random numbers, linear in dout."""
    rng = np.random.default_rng(seed)

    def backward(dout: Array, cache: Any) -> list[Array]:
        del cache
        noise = np.random.default_rng(seed + 1)  # made here: what a function closes over is known to a diagnosis
        return [np.sum(dout) * noise.normal(size=shape) for shape in shapes]

    return tuple(rng.normal(size=shape) for shape in shapes), backward


@pytest.mark.parametrize("seed", range(4))
def test_garbage_is_not_explained(seed: int) -> None:
    inputs, backward = garbage(seed, (3, 3), (3, 3))
    found = explanations(coupled, backward, inputs)
    assert len(found) == 2
    for text in found:
        assert not isinstance(text, Explanation), text
        assert text.startswith("Unexplained: ")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("forward", [layer_norm, softmax, tanh])
def test_where_forward_is_recognised_garbage_is_told_the_right_formula_and_no_mistake(forward: Any, seed: int) -> None:
    inputs, backward = garbage(seed, *[(3, 4), (4,)][: 2 if forward is layer_norm else 1])
    found = explanations(forward, backward, inputs)
    assert found
    assert {text.kind for text in found if isinstance(text, Explanation)} <= {"normalised", "formula"}


def test_a_right_gradient_costs_no_diagnosis() -> None:
    rng = np.random.default_rng(0)
    inputs = (rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2))
    report = check(linear, gradients, inputs)
    assert report.ok
    assert report.evaluations <= 150
    assert all(not finding.explanation for finding in report)


def case(came: Any, truth: Any, bar: float = 1e-12, **more: Any) -> Case:
    """A case in which every element was measured."""
    came, truth = np.asarray(came, float), np.asarray(truth, float)
    measured = []
    for index in np.ndindex(truth.shape):
        direction = np.zeros(truth.shape)
        direction[index] = 1
        measured.append(Measurement(direction, float(truth[index] - came[index]), bar, index))
    return Case("dx", np.arange(1.0, truth.size + 1).reshape(truth.shape), came, measured, {}, {}, **more)


def test_one_number_alone_proves_no_fitted_constant() -> None:
    assert diagnose(case([1.0], [1.2345678])) is None
    assert diagnose(case([1.0, 2, 3], [1.2345678, 2 * 1.2345678, 3 * 1.2345678])) is not None


def test_one_number_alone_proves_a_factor_that_people_get_wrong_by() -> None:
    found = diagnose(case([1.0], [-1.0]))
    assert found is not None
    assert found.kind == "sign"


@pytest.mark.parametrize(("bar", "proven"), [(1e-12, True), (0.1, False)])
def test_what_is_measured_badly_proves_nothing(bar: float, proven: bool) -> None:
    about = case([1.0, 2, 3], [2.0, 4, 6], bar)
    assert about.proves(Repair(np.array([2.0, 4, 6]), "", "doubled")) is proven


def test_a_repair_that_disagrees_anywhere_is_none() -> None:
    about = case([1.0, 2, 3], [2.0, 4, 6])
    assert not about.proves(Repair(np.array([2.0, 4, 6 + 1e-9]), "", "nearly doubled"))


def test_evidence_says_where_and_by_which_ratio() -> None:
    rng = np.random.default_rng(1)
    came = rng.normal(size=(3, 4))
    truth = came.copy()
    truth[1] *= 1.2345678
    truth[1, 2] += 0.3
    text = explain(case(came, truth))
    assert text.startswith("Unexplained: 4 of 12 elements that were measured are wrong; all at 1 of axis 0, none elsewhere")


def test_an_element_that_should_be_zero_is_no_multiple_of_the_noise_in_its_place() -> None:
    rng = np.random.default_rng(0)
    w1, b1, w2 = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(3, 1))
    b2, x, t = rng.normal(size=1), rng.normal(size=(5, 2)), np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])

    def loss(b1: Array) -> tuple[Array, Array]:
        h = x @ w1 + b1  # the last unit is below 0 at all five points
        p = 1 / (1 + np.exp(-(np.maximum(h, 0) @ w2 + b2)))
        value = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
        return value, (((p - t) / 5) @ w2.T).sum(axis=0)

    (said,) = (finding.explanation for finding in check_loss(loss, b1) if finding.explanation)
    assert "db1[2] alone is wrong: it should be 0. Every" in said


def test_a_loss_has_no_other_cotangent_to_ask_for() -> None:
    """Nothing explains this gradient, so that everything is tried: what needs a cotangent as well."""

    def loss(w: Array) -> tuple[Any, Array]:
        return np.sin(w[1:] * w[:-1]).sum(), np.random.default_rng(3).normal(size=w.shape)

    report = check_loss(loss, np.random.default_rng(0).normal(size=12))
    assert "Unexplained" in report["dw"].explanation
