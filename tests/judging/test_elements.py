"""Elements: of unequal size, at kinks and jumps, zero; which of them are wrong, and how small an error is seen."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.judging.gradients import hidden
from gradwitness.report.findings import Finding
from gradwitness.report.report import Report
from tests.judging.everyday import DETOURS, Pair, elementwise

BUDGET = 150


def report(pair: Pair, inputs: Any, seed: int = 0) -> Report:
    return check(*pair, inputs, seed=seed, cached=True)


def with_error(pair: Pair, which: int, index: tuple[int, ...], error: float) -> Pair:
    """The same pair with an error in one element of one gradient."""
    forward, backward = pair

    def wrong(dout: Any, cache: Any) -> Any:
        gradients = backward(dout, cache)
        changed = [np.array(each) for each in (gradients if isinstance(gradients, tuple) else (gradients,))]
        changed[which][index] += error
        return tuple(changed)

    return forward, wrong


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


LABELS = np.arange(20) % 50
ROWS = np.arange(20)


def loss(z: Any) -> Any:
    m = z.max(axis=1, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=1)) + m[:, 0] - z[ROWS, LABELS], {"z": z}


def loss_backward(dout: Any, cache: Any) -> Any:
    p = softmax(cache["z"])
    p[ROWS, LABELS] -= 1
    return p * dout[:, None]


def softmax_backward(dout: Any, cache: Any) -> Any:
    p = cache["p"]
    return p * (dout - (dout * p).sum(axis=1, keepdims=True))


UNEQUAL: dict[str, tuple[Pair, Callable[[np.random.Generator], Any]]] = {
    "confident cross entropy": (
        (loss, loss_backward),
        lambda rng: 3 * rng.normal(size=(20, 50)) + 9 * (LABELS[:, None] == np.arange(50)),
    ),
    "softmax of logits x 10": (
        (lambda z: (softmax(z), {"p": softmax(z)}), softmax_backward),
        lambda rng: 10 * rng.normal(size=(20, 50)),
    ),
    "exp over [-20, 20]": (
        (lambda x: (np.exp(x), {"x": x}), lambda dout, cache: dout * np.exp(cache["x"])),
        lambda rng: rng.uniform(-20, 20, size=1000),
    ),
}
ERROR = 1e-6
SMALLEST = 1e-9
"""Of the largest element of a gradient: an error of a millionth of smaller ones is near the rounding of longdouble."""
DRAWS = 12


@pytest.mark.parametrize("name", UNEQUAL)
def test_one_of_a_thousand_is_seen_at_its_own_size(name: str) -> None:
    (forward, backward), draw = UNEQUAL[name]
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        x = draw(rng)
        out, cache = forward(x)
        size = np.abs(backward(np.random.default_rng((seed, 1)).normal(size=np.shape(out)), cache))
        index = tuple(int(i) for i in rng.choice(np.argwhere(size > SMALLEST * size.max())))

        def wrong(dout: Any, cache: Any, index: Any = index) -> Any:
            gradient = backward(dout, cache)
            gradient[index] *= 1 + ERROR
            return gradient

        assert report((forward, wrong), x, seed).verdict == "wrong", (seed, index)


def relu(at_zero: float) -> Pair:
    return elementwise(lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1, np.where(x == 0, at_zero, 0)))


@pytest.mark.parametrize(("at_zero", "verdict"), [(0.0, "kink"), (0.5, "kink"), (1.0, "kink"), (1.5, "wrong"), (-0.1, "wrong")])
@pytest.mark.parametrize("zeros", [1, 4])
def test_relu_at_zero(at_zero: float, verdict: str, zeros: int) -> None:
    x = np.array([1.3, -0.4, 2.0, -1.1, *np.zeros(zeros)])
    assert report(relu(at_zero), x)["dx"].verdict == verdict


@pytest.mark.parametrize(("at_zero", "verdict"), [(0.0, "kink"), (-1.0, "kink"), (1.2, "wrong")])
def test_abs_at_zero(at_zero: float, verdict: str) -> None:
    pair = elementwise(np.abs, lambda x: np.where(x == 0, at_zero, np.sign(x)))
    assert report(pair, np.array([0.7, 0.0, -0.3]))["dx"].verdict == verdict


def pooling(share: float) -> Pair:
    """The maxima of rows; at a tie each winner gets a share."""

    def backward(dout: Any, cache: Any) -> Any:
        hits = cache["x"] == cache["x"].max(axis=1, keepdims=True)
        several = hits.sum(axis=1, keepdims=True) > 1
        return hits * np.where(several, share, 1) * dout[:, None]

    return lambda x: (x.max(axis=1), {"x": x}), backward


@pytest.mark.parametrize(("share", "ok"), [(0.5, True), (1.0, False), (0.0, False)])
def test_the_tie_of_a_maximum(share: float, ok: bool) -> None:
    x = np.array([[0.3, 1.5, 1.5, -0.2], [2.0, 0.1, -1.0, 0.4]])
    assert report(pooling(share), x).ok is ok


@pytest.mark.parametrize("claim", [0.0, 1.0])
def test_a_jump_has_no_derivative(claim: float) -> None:
    pair = elementwise(lambda x: np.floor(x) + 0 * x, lambda x: claim + 0 * x)
    assert report(pair, np.array([2.0, 0.3]))["dx"].verdict == "jump"


@pytest.mark.parametrize("claim", [0.0, 1.0])
def test_an_infinite_slope_is_never_a_mistake(claim: float) -> None:
    def derivative(x: Any) -> Any:
        return np.where(x == 0, claim, 0.5 / np.sqrt(np.where(x == 0, 1, np.abs(x))) * np.sign(x))

    found = report(elementwise(lambda x: np.sqrt(np.abs(x)), derivative), np.array([0.0, 0.7]))
    assert found.verdict == "cannot tell"


def test_a_zero_gradient_that_is_right_is_right_and_proves_little() -> None:
    dead = elementwise(lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0)
    found = report(dead, np.array([-1.0, -2.0, -0.5]))
    assert found.ok
    assert "proves little" in found["dx"].message


@pytest.mark.parametrize("size", [3, 40, 3000])
def test_the_wrong_element_is_named(size: int) -> None:
    x = np.random.default_rng(size).normal(size=size)
    index = (size // 3,)
    pair = elementwise(np.sin, np.cos)
    right = report(pair, x)
    found = report(with_error(pair, 0, index, 1e-3), x)["dx"]
    assert found.where == (index,)
    assert abs(float(found.got) - float(found.truth) - 1e-3) < 1e-9
    assert right.evaluations <= BUDGET


def test_all_wrong_is_told_as_at_least_so_many() -> None:
    x = np.random.default_rng(1).normal(size=384)
    found = report(elementwise(np.sin, lambda x: 2 * np.cos(x)), x)["dx"]
    assert 5 <= found.wrong <= 384


def test_no_right_element_is_listed() -> None:
    x = np.random.default_rng(1).normal(size=60)
    found = report(elementwise(np.sin, lambda x: np.cos(x) * np.where(np.arange(60) % 5 == 0, 1.1, 1)), x)["dx"]
    assert found.where
    assert all(index[0] % 5 == 0 for index in found.where)


@pytest.mark.parametrize("name", DETOURS)
def test_twice_the_sight_is_seen_in_any_element(name: str) -> None:
    pair, draw = DETOURS[name]
    inputs = draw(np.random.default_rng(0))
    right = report(pair, inputs)
    gradients = [finding for finding in right if np.isfinite(finding.sight)]
    rng = np.random.default_rng(1)
    out, cache = pair[0](*inputs)
    claims = pair[1](np.random.default_rng((0, 1)).normal(size=np.shape(out)), cache)
    claims = claims if isinstance(claims, tuple) else (claims,)
    for which, finding in enumerate(gradients):
        index = tuple(int(rng.integers(n)) for n in claims[which].shape)
        error = 2 * finding.sight * float(np.abs(claims[which]).max())
        assert report(with_error(pair, which, index, error), inputs).verdict == "wrong", (finding.about, index)


@pytest.mark.parametrize("name", DETOURS)
def test_the_cost_of_a_right_function(name: str) -> None:
    pair, draw = DETOURS[name]
    assert report(pair, draw(np.random.default_rng(0))).evaluations <= BUDGET


def test_what_was_not_judged_beside_wrong_gradients_is_told_so() -> None:
    point: Any = SimpleNamespace(claims=[None], scales=[np.ones(3)], noise=0.0)
    told = hidden(point, 0, np.ones(3), Finding("dWh", "cannot tell", "", sight=0.5), others=True).message
    assert "was not judged alone" in told
    assert told.endswith("ask for it by wrt='Wh'")
    alone = hidden(point, 0, np.ones(3), Finding("dWh", "cannot tell", "", sight=0.5), others=False).message
    assert "errors below 0.5 stay hidden" in alone
