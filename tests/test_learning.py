"""The small trainings of ops: their gradients are right, and what is said of their losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.learning.choice import ALONE, best_rate, task_of
from conformance.learning.criterion import USES
from conformance.learning.task import STEPS, Task, as_low, end, goes_down, train
from conformance.rules import elements, gradcheck, rule_of_thumb
from conformance.run import subject
from gradwitness import check_loss
from reference import OPS

pytest.importorskip("sklearn", reason="the trainings take the digits of scikit-learn")


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_a_training_that_starts(name: str) -> None:
    task = task_of(OPS[name])
    params = task.start(0)
    loss, grads = task.step(params, 0)
    assert np.isfinite(loss)
    assert [g.shape for g in grads] == [p.shape for p in params]


@pytest.mark.parametrize(
    "name", ["tanh", "layer_norm", "lstm_cell", "max_pool1d", "gaussian_nll", "info_nce", "embedding", "ctc"]
)
def test_the_gradient_of_a_training_is_right(name: str) -> None:
    task = task_of(OPS[name])
    report = check_loss(lambda params: task.step(params, 0), [np.array(p) for p in task.start(0)])
    assert report.verdict == "right", str(report)


def test_an_op_has_one_kind_of_training() -> None:
    assert not set(ALONE) & set(USES)
    assert {*ALONE, *USES} <= set(OPS)


def test_a_backward_that_is_given_is_the_one_that_trains() -> None:
    def nothing(dout: Any, cache: Any) -> Any:
        return tuple(0 * gradient for gradient in OPS["linear"].backward(dout, cache))

    losses = [train(task_of(OPS["linear"], backward), 0.3) for backward in (None, nothing)]
    assert losses[0][0] == losses[1][0]
    assert end(losses[0]) < end(losses[1])


def steadily(slope: float) -> Any:
    return 1 + slope * np.arange(STEPS)


def test_a_loss_goes_down_if_its_last_tenth_is_below_its_first_and_below_the_start() -> None:
    spiked = steadily(-0.001)
    spiked[50] = 1000
    jumped = steadily(-0.01) + 5
    jumped[0] = 1
    broken_off = steadily(-0.001)
    broken_off[-1] = np.nan
    assert [goes_down(losses) for losses in (steadily(-0.001), spiked, steadily(0.001), steadily(0), jumped, broken_off)] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_it_ends_as_low_as_a_right_run_if_it_ends_below_the_highest_of_them() -> None:
    right = [steadily(-0.001), steadily(-0.002)]
    assert as_low(steadily(-0.001), right)
    assert as_low(steadily(-0.003), right)
    assert not as_low(steadily(-0.0009), right)
    assert not as_low(np.full(STEPS, np.nan), right)
    diverged = np.full(STEPS, np.nan)
    assert not as_low(steadily(0), [diverged, *right])
    assert not as_low(steadily(0), [diverged])


def test_the_best_rate_reaches_the_bottom_of_a_parabola() -> None:
    def step(params: list[Any], _number: int) -> tuple[float, list[Any]]:
        return float(params[0] ** 2), [2 * params[0]]

    parabola = Task("x squared", lambda seed: [np.array(1.0 + seed)], step)
    assert best_rate(parabola) == 0.3
    assert np.isnan(train(parabola, 300.0)[-1])


def test_what_a_rule_says_has_the_worst_element() -> None:
    right = subject(OPS["tanh"], OPS["tanh"].cases[0])
    assert [rule_of_thumb(right).wrong, gradcheck(right).wrong] == [False, False]
    at = subject(OPS["tanh"], OPS["tanh"].cases[0])
    object.__setattr__(at, "backward", lambda dout, cache: (OPS["tanh"].backward(dout, cache)[0] * (1 + 1e-5),))
    assert rule_of_thumb(at).wrong
    assert not gradcheck(at).wrong  # 1e-5 is below its 1e-3
    assert rule_of_thumb(at).words.startswith("largest relative error 1.0e-05, dx[")
    assert [name for name, *_ in elements(at)][:2] == ["dx[0, 0]", "dx[0, 1]"]


@pytest.mark.parametrize("returned", [np.nan, np.inf])
@pytest.mark.parametrize("index", [0, 7, -1])
def test_no_rule_takes_an_element_that_is_no_number(returned: float, index: int) -> None:
    def backward(dout: Any, cache: Any) -> Any:
        (dx,) = OPS["tanh"].backward(dout, cache)
        dx.flat[index] = returned
        return (dx,)

    at = subject(OPS["tanh"], OPS["tanh"].cases[0])
    object.__setattr__(at, "backward", backward)
    assert [rule_of_thumb(at).wrong, gradcheck(at).wrong] == [True, True]
