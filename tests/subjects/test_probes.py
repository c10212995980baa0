"""What a check finds besides a wrong gradient: randomness, arrays overwritten, state carried on, a cotangent unused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.report.report import Report
from gradwitness.subjects.handwritten import Pair
from gradwitness.subjects.probes import Probes
from gradwitness.subjects.state import State

X = np.random.default_rng(1).normal(size=(4, 3))
W = np.random.default_rng(2).normal(size=(3, 2))


def dropout() -> Report:
    def forward(x: Any) -> Any:
        mask = np.random.rand(*x.shape) < 0.5  # noqa: NPY002 - as users write it
        return x * mask, mask

    return check(forward, lambda dout, cache: dout * cache, (X,))


def fresh_dropout() -> Report:
    def forward(x: Any) -> Any:
        mask = np.random.default_rng().random(x.shape) < 0.5
        return x * mask, mask

    return check(forward, lambda dout, cache: dout * cache, (X,))


def tiny_noise() -> Report:
    return check(lambda x: 2 * x + 1e-9 * np.random.default_rng().normal(size=x.shape), lambda dout, x: 2 * dout, (X,))


def counted() -> Report:
    count = itertools.count(1)
    return check(lambda x: x * next(count), lambda dout, x: dout, (X,))


def forward_overwrites() -> Report:
    def forward(x: Any) -> Any:
        x *= 2
        return x**2, x

    return check(forward, lambda dout, cache: 4 * cache * dout, (X,))


def backward_overwrites_dout() -> Report:
    def backward(dout: Any, x: Any) -> Any:
        dout[x < 0] = 0
        return dout

    return check(lambda x: np.maximum(x, 0), backward, (X,))


def backward_overwrites_input() -> Report:
    def backward(dout: Any, x: Any) -> Any:
        x *= 2
        return dout * x

    return check(lambda x: x**2, backward, (X,))


def labels_overwritten() -> Report:
    def forward(x: Any, y: Any) -> Any:
        y += 1
        y -= 1
        y[0] = 0
        return x[y].sum()

    def backward(dout: Any, x: Any, y: Any) -> Any:
        dx = np.zeros_like(x)
        np.add.at(dx, y, dout)
        return dx

    return check(forward, backward, (X, np.array([1, 2])), wrt="x")


def first_input_kept() -> Report:
    kept: list[Any] = []

    def forward(x: Any) -> Any:
        if not kept:
            kept.append(x.copy())
        return x**2

    def backward(dout: Any, x: Any) -> Any:
        return 2 * kept[0].reshape(x.shape) * dout

    return check(forward, backward, (X,))


def dout_unused() -> Report:
    return check(lambda x: (x**2).sum(), lambda dout, x: 2 * x, (X,))


def penalty_without_dout() -> Report:
    return check(lambda x: (x**2).sum() + 0.1 * (x**2).sum(), lambda dout, x: 2 * x * dout + 0.2 * x, (X,))


def guided() -> Report:
    return check(lambda x: np.maximum(x, 0), lambda dout, x: dout * (dout > 0), (X,))


def kept_at_its_largest() -> Report:
    return check(lambda x: x * 1.0, lambda dout, x: dout * (np.abs(dout) == np.abs(dout).max()), (X,))


def serves_once() -> Report:
    def backward(dout: Any, cache: list[Any]) -> Any:
        return 2 * cache.pop() * dout

    return check(lambda x: (x**2, [x]), backward, (X,))


def accumulates() -> Report:
    def backward(dout: Any, cache: dict[str, Any]) -> Any:
        cache["dx"] += 2 * cache["x"] * dout
        return cache["dx"].copy()

    return check(lambda x: (x**2, {"x": x, "dx": np.zeros_like(x)}), backward, (X,))


def float64_for_float32() -> Report:
    def backward(dout: Any, x: Any) -> Any:
        dx = np.zeros(x.shape)
        dx[...] = 3 * dout
        return dx

    return check(lambda x: 3 * x, backward, (X.astype(np.float32),))


def none_for_needed() -> Report:
    return check(lambda x, w: x @ w, lambda dout, x, w: (None, x.T @ dout), (X, W), wrt=("x", "w"))


def reads_a_global() -> Report:
    return check(lambda x: X**2, lambda dout, x: 2 * x * dout, (X.copy(),))


FOUND: dict[Callable[[], Report], tuple[str, str, str, str]] = {
    dropout: ("second call", "cannot tell", "Seed what is random", "cannot tell"),
    fresh_dropout: ("second call", "cannot tell", "Seed what is random", ""),
    tiny_noise: ("second call", "cannot tell", "differ by up to", ""),
    counted: ("second call", "cannot tell", "differ by up to", ""),
    forward_overwrites: ("x", "wrong", "forward overwrites x.*x = x.copy()", "wrong"),
    backward_overwrites_dout: ("dout", "wrong", "backward overwrites dout.*dout = dout.copy()", "wrong"),
    backward_overwrites_input: ("x", "wrong", "backward overwrites x.*x = x.copy()", "wrong"),
    labels_overwritten: ("y", "wrong", "forward overwrites y", "wrong"),
    first_input_kept: ("call after another input", "wrong", "something of the earlier call is kept", "wrong"),
    dout_unused: ("dout", "wrong", "does not use it", "wrong"),
    penalty_without_dout: ("dout", "wrong", "not linear in dout: of -2 dout", "wrong"),
    guided: ("dout", "wrong", "not linear in dout: of -2 dout", "wrong"),
    kept_at_its_largest: ("dout", "wrong", "not linear in dout: of d1 [+] d2", "wrong"),
    serves_once: ("second backward", "note", "serves once.*IndexError", "right"),
    accumulates: ("second backward", "note", "serves once", "right"),
    float64_for_float32: ("dtype of dx", "note", "It is float64; x is float32.*zeros_like", "right"),
    none_for_needed: ("dx", "wrong", "None for x, which wrt names", "wrong"),
    reads_a_global: ("inputs", "note", "does not use what it is given", "wrong"),
}


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.__name__)
def test_a_probe_finds_it(case: Callable[[], Report]) -> None:
    about, verdict, message, whole = FOUND[case]
    report = case()
    finding = next(f for f in report if f.about == about and f.verdict == verdict)
    assert report.verdict == whole or not whole, report
    assert report.verdict != "right" or verdict == "note"
    assert re.search(message, finding.message), finding.message


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.__name__)
def test_a_probe_finds_nothing_else(case: Callable[[], Report]) -> None:
    """No false alarm beside the true one: other findings are about the gradients."""
    about = FOUND[case][0]
    others = [f for f in case() if f.about != about and f.verdict != "note" and not f.about.startswith("d")]
    assert others == []


def test_a_right_function_has_no_finding_of_probes_and_few_calls() -> None:
    pair = Pair(lambda x, w: (np.tanh(x @ w), (x, w)), lambda dout, cache: _gradients(dout, *cache), (X, W))
    probes = Probes(pair, State(), 0)
    assert list(probes.findings()) == []
    assert probes.evaluations <= 14


def _gradients(dout: Any, x: Any, w: Any) -> Any:
    z = dout * (1 - np.tanh(x @ w) ** 2)
    return z @ w.T, x.T @ z


def test_an_input_that_nothing_depends_on_may_have_no_gradient() -> None:
    report = check(lambda x, w: w * 2, lambda dout, x, w: (None, 2 * dout), (X, W), wrt=("x", "w"))
    assert report.ok, report


class Number:
    """A number of a graph. What it is made of is kept in a set, whose order is that of addresses."""

    def __init__(self, value: float, parts: tuple[tuple[Number, float], ...] = ()) -> None:
        self.value, self.parts, self.grad = value, set(parts), 0.0

    def add(self, grad: float) -> None:
        """The last contribution is kept, and not the sum."""
        self.grad = grad
        for part, slope in self.parts:
            part.add(slope * grad)


def test_a_gradient_that_depends_on_the_order_of_a_set_is_wrong() -> None:
    def forward(x: float) -> tuple[float, Any]:
        leaf = Number(x)
        return 3 * x + x * x, (
            leaf,
            Number(3 * x + x * x, ((Number(3 * x, ((leaf, 3),)), 1), (Number(x * x, ((leaf, 2 * x),)), 1))),
        )

    def backward(dout: float, cache: Any) -> float:
        leaf, out = cache
        out.add(dout)
        return leaf.grad

    # the order is one of addresses: in a few of a thousand calls it changes while slopes are taken, and nobody can tell
    verdicts = {check(forward, backward, 0.7)["dx"].verdict for _ in range(3)}
    assert "wrong" in verdicts
    assert verdicts <= {"wrong", "cannot tell"}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_where_forward_is_not_finite_there_is_nothing_to_tell(value: float) -> None:
    report = check(lambda x: x * 0 + value, lambda dout, x: dout * value, (X,))
    assert report.verdict == "cannot tell"
    assert {finding.about: finding.verdict for finding in report} == {"dx": "undefined", "out": "undefined"}
    assert "there is no derivative" in report["out"].message


class LayerWithStep:
    def __init__(self) -> None:
        self.weight = np.array([[1.5, -0.5], [0.25, 2.0]])

    def forward(self, x: Any) -> Any:
        return x @ self.weight, x

    def backward(self, dout: Any, cache: Any, rate: float = 0.1) -> Any:
        self.weight -= rate * (cache.T @ dout)
        return dout @ self.weight.T  # after the step


def test_a_step_inside_backward_is_told() -> None:
    layer, x = LayerWithStep(), np.random.default_rng(2).normal(size=(3, 2))
    report = check(layer.forward, layer.backward, x)
    assert report.verdict == "wrong"
    assert "step of an optimizer" in report["second backward"].message
    assert check(layer.forward, layer.backward, x, {"rate": 0.0}).ok


@pytest.mark.parametrize("seed", [71, 145])
def test_a_gradient_of_rounding_alone_is_not_called_not_linear(seed: int) -> None:
    """Of what cancels in the loss. It scales by -2 to the bit, and adds up as rounding does."""

    def forward(x: Any) -> Any:
        scale = x.std(-1, keepdims=True) + 0.1
        return (x / scale).sum() - (x / scale).mean(-1).sum() * x.shape[-1], (x, scale)

    def backward(dout: Any, cache: Any) -> Any:
        x, scale = cache
        n = x.shape[-1]

        def part(each: Any) -> Any:
            dscale = -(each * x / scale**2).sum(-1, keepdims=True)
            return each / scale + dscale * (x - x.mean(-1, keepdims=True)) / (n * (scale - 0.1))

        return part(np.full(x.shape, dout)) - n * part(np.full(x.shape, dout / n))

    report = check(forward, backward, (np.random.default_rng(seed).normal(size=(1, 3)),), seed=seed)
    assert report.verdict != "wrong", report
