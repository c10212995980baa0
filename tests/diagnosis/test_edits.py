"""An edit of the user's backward that repairs its gradients is found, and nothing of the user's is changed by the search."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check, check_loss
from gradwitness.diagnosis.case import Explanation
from gradwitness.diagnosis.edits.running import watched
from gradwitness.diagnosis.edits.source import source_of
from tests.diagnosis.nets import NETS, Value, hidden_sigmoid, overlapping_windows


@pytest.mark.parametrize("name", NETS)
def test_the_line_and_its_repair_are_named(name: str) -> None:
    (forward, backward, inputs), kind, words = NETS[name]
    wrong = [finding for finding in check(forward, backward, inputs) if finding.verdict == "wrong"]
    assert wrong
    assert all(isinstance(finding.explanation, Explanation) for finding in wrong), wrong
    first = wrong[0].explanation
    assert getattr(first, "kind", "") == kind, first
    assert words in first


def test_the_line_is_that_of_the_mistake() -> None:
    forward, backward, inputs = overlapping_windows()
    lines, start = inspect.getsourcelines(backward)
    line = start + next(i for i, each in enumerate(lines) if "WRONG" in each)
    assert f"Line {line} of nets.py" in check(forward, backward, inputs)["dsignal"].explanation


def test_an_edit_that_repairs_several_gradients_is_spelled_out_once() -> None:
    report = check(*hidden_sigmoid())
    assert "This agrees" in report["dx"].explanation
    assert report["dw"].explanation.endswith("the same edit repairs this one")


def test_the_functions_run_their_own_code_afterwards() -> None:
    codes = [Value.__mul__.__code__, Value.__add__.__code__]
    (forward, backward, inputs), _, _ = NETS["tape"]
    check(forward, backward, inputs)
    assert [Value.__mul__.__code__, Value.__add__.__code__] == codes


def test_a_debugger_keeps_its_trace() -> None:
    def trace(*_: Any) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        watched(lambda: None)
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_source_that_is_not_what_runs_is_not_edited() -> None:
    def backward(dout: Any, x: Any) -> Any:
        return dout * x

    other = compile("def backward(dout, x):\n    return dout * x * 2\n", __file__, "exec").co_consts[0]
    line = backward.__code__.co_firstlineno
    assert source_of(backward.__code__, [backward.__code__]) is not None
    backward.__code__ = other.replace(co_firstlineno=line, co_name="backward")
    assert source_of(backward.__code__, [backward.__code__]) is None


def test_a_loop_that_may_not_end_is_left_alone() -> None:
    def backward(dout: Any, x: Any) -> Any:
        i, dx = 0, np.zeros_like(x)
        while i < len(x):
            dx[i] = dout[i]
            i += 1
        return dx

    report = check(lambda x: 2 * x, backward, (np.arange(1.0, 4),))
    assert report["dx"].explanation == "It is half of what is right"


def test_nothing_that_decides_about_a_side_effect_is_edited() -> None:
    written = []

    def backward(dout: Any, x: Any, save: bool = False) -> Any:
        if save:
            written.append(x)
            print("saved")  # noqa: T201 - stands for any side effect
        if not save:
            dout = 2 * dout
        return dout * x * (1 + save)

    report = check(lambda x: np.sin(x) * x, backward, (np.arange(1.0, 4),), {"save": False})
    assert not report.ok
    assert not written


def test_the_kind_of_mistake_is_in_the_dict() -> None:
    forward, backward, inputs = overlapping_windows()
    found = check(forward, backward, inputs).to_dict()["findings"]
    assert [each.get("mistake") for each in found] == ["series", None]


def test_a_softmax_that_is_multiplied_in_place() -> None:
    def mixed(x: Any, v: Any) -> Any:
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return p @ v, (p, v)

    def backward(dout: Any, cache: Any) -> Any:
        p, v = cache
        dx = dout @ v.T
        dx *= p  # WRONG: less the sum along the row first
        return dx, p.T @ dout

    rng = np.random.default_rng(3)
    found = check(mixed, backward, (rng.normal(size=(3, 4)), rng.normal(size=(4, 2))))["dx"].explanation
    assert "+ dx = p * (dx - (p * dx).sum(axis=-1, keepdims=True))" in found


def unit(weights: Any, bias: float, inputs: Any) -> float:
    return float(1 / (1 + np.exp(-sum(w * i for w, i in zip(weights, inputs, strict=True)) - bias)))


def test_gradients_of_which_nothing_is_known_are_no_obstacle() -> None:
    """Each number of these lists is an argument of its own; the search for the wrong ones ends before it has seen all."""
    x, target = [0.05, 0.1, -0.3], [0.01, 0.99]

    def forward(wh: Any, bh: Any, wo: Any, bo: Any) -> Any:
        h = [unit(w, b, x) for w, b in zip(wh, bh, strict=True)]
        o = [unit(w, b, h) for w, b in zip(wo, bo, strict=True)]
        return sum(0.5 * (t - y) ** 2 for t, y in zip(target, o, strict=True)), (h, o, wo)

    def backward(dloss: Any, cache: Any) -> Any:
        h, o, wo = cache
        do = [dloss * (y - t) * y * (1 - y) for y, t in zip(o, target, strict=True)]
        dh = []
        for j in range(2):
            y = h[j]
            dh.append(sum(d * w[j] for d, w in zip(do, wo, strict=True)) * y * (1 + y))  # WRONG: 1 - y
        return [[d * i for i in x] for d in dh], dh, [[d * y for y in h] for d in do], do

    rng = np.random.default_rng(0)
    inputs = (rng.normal(size=(2, 3)).tolist(), [0.3, -0.1], rng.normal(size=(2, 2)).tolist(), [0.6, 0.2])
    wrong = [finding for finding in check(forward, backward, inputs) if finding.verdict == "wrong" and finding.of == 1]
    assert wrong
    assert "* y * (1 - y))" in wrong[0].explanation, wrong[0].explanation


def test_what_is_computed_and_never_used_is_told() -> None:
    """A carry from one turn of a loop to the one before."""

    def forward(x: Any) -> Any:
        c, out = np.zeros(x.shape[1]), []
        for row in x:
            c = 0.5 * c + row**2
            out.append(c)
        return np.array(out), x

    def backward(dout: Any, x: Any) -> Any:
        dx, dnext = np.zeros_like(x), np.zeros(x.shape[1])
        for t in reversed(range(len(x))):
            dc = dout[t] * 1  # WRONG: + dnext
            dx[t] = dc * 2 * x[t]
            dnext = 0.5 * dc  # noqa: F841 - the mistake
        return dx

    found = check(forward, backward, np.random.default_rng(3).normal(size=(4, 3)))["dx"].explanation
    assert "dnext is computed and never used" in found
    assert "+ dc = dout[t] * 1 + dnext" in found


def test_a_root_that_is_missing_is_told() -> None:
    def forward(q: Any, k: Any) -> Any:
        return np.sin(q @ k.T / np.sqrt(q.shape[1])), (q, k)

    def backward(dout: Any, cache: Any) -> Any:
        q, k = cache
        n = q.shape[1]
        ds = dout * np.cos(q @ k.T / np.sqrt(n))
        dk = ds.T @ q  # WRONG: / np.sqrt(n)
        return ds @ k / np.sqrt(n), dk

    rng = np.random.default_rng(3)
    found = check(forward, backward, (rng.normal(size=(4, 3)), rng.normal(size=(5, 3))))["dk"].explanation
    assert "+ dk = ds.T @ q / n ** 0.5" in found


def test_a_matrix_that_is_used_twice_has_a_second_term() -> None:
    def forward(w: Any, x: Any) -> Any:
        h = np.tanh(x @ w)
        return np.sin(h @ w.T), (w, x, h)

    def backward(dout: Any, cache: Any) -> Any:
        w, x, h = cache  # noqa: RUF059 - the mistake
        dr = dout * np.cos(h @ w.T)
        dh = (dr @ w) * (1 - h**2)
        dw = dr.T @ h  # WRONG: + x.T @ dh
        return dw, dh @ w.T

    rng = np.random.default_rng(3)
    found = check(forward, backward, (rng.normal(size=(4, 3)), rng.normal(size=(5, 4))))["dw"].explanation
    assert "+ dw = dr.T @ h + x.T @ dh" in found


class Private:
    def __spread(self, x: Any, dout: Any) -> Any:
        return dout * np.cos(x)

    def forward(self, x: Any) -> Any:
        return np.sin(x) + x.mean(), x

    def backward(self, dout: Any, x: Any) -> Any:
        return self.__spread(x, dout) + np.sum(dout)  # WRONG: np.mean


def test_a_method_that_calls_private_ones_is_edited() -> None:
    layer = Private()
    explanation = check(layer.forward, layer.backward, np.random.default_rng(3).normal(size=5))["dx"].explanation
    assert "np.mean(dout)" in explanation


def test_a_factor_that_makes_another_gradient_wrong_otherwise_is_none() -> None:
    """The slope of sigmoid is asked for once in one gradient, and twice in the other: half of it repairs that one alone."""

    def slope(y: Any) -> Any:
        return y * (1 - y)

    def loss(params: Any, x: Any, y: Any) -> Any:
        a = 1 / (1 + np.exp(-x @ params[0]))
        b = 1 / (1 + np.exp(-a @ params[1]))
        error = b - y
        delta = (error * slope(b)) @ params[1].T * slope(a)
        return np.mean(0.5 * error**2), [x.T @ delta, a.T @ (error * slope(b))]  # WRONG: / 4

    rng = np.random.default_rng(4)
    report = check_loss(
        loss, [rng.normal(size=(2, 3)), rng.normal(size=(3, 1))], rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    )
    assert "4 times what is right" in report["dparams[0]"].explanation
    assert "0.5" not in report["dparams[0]"].explanation


def test_where_zero_is_right_no_factor_that_is_zero_is_offered() -> None:
    weights = np.array([1.5, -0.5])

    def loss(params: Any, target: Any) -> Any:
        del params, target
        return weights @ weights, [weights * np.array([1.0, 2.0])]

    report = check_loss(loss, [weights.copy()], np.array([0.0, 1.0]))
    assert "Zero is right" in report["dparams[0]"].explanation
    assert "This agrees" not in report["dparams[0]"].explanation


def test_lapack_gets_no_nan_from_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    """np.sqrt(b) is an edit. LAPACK, given its nan, writes to the terminal."""
    solve, finite = np.linalg.lstsq, []

    class Watched:
        def __call__(self, a: Any, b: Any, rcond: Any = None) -> Any:
            finite.append(bool(np.isfinite(a).all() and np.isfinite(b).all()))
            return solve(a, b, rcond=rcond)

    monkeypatch.setattr(np.linalg, "lstsq", Watched())

    def forward(a: Any, b: Any) -> Any:
        return np.linalg.lstsq(a, b, rcond=None)[0]

    def backward(dout: Any, a: Any, b: Any) -> Any:
        x = np.linalg.lstsq(a, b, rcond=None)[0]
        db = np.linalg.lstsq(a.T, dout, rcond=None)[0]
        return -np.outer(db, x), db

    rng = np.random.default_rng(0)
    report = check(forward, backward, (rng.normal(size=(6, 3)), rng.normal(size=6)))
    assert "that through the residual" in report["da"].explanation
    assert len(finite) > 100
    assert all(finite)


def test_entries_that_are_exchanged_repair_all_gradients_or_none() -> None:
    """Exchanged, the first of these gradients is right, and the second is wrong in another way."""
    a, b = np.random.default_rng(0).normal(size=(2, 4))

    def forward(a: Any, b: Any) -> Any:
        return np.sin(a) * b, (a, b)

    def backward(dout: Any, cache: Any) -> Any:
        a, b = cache
        da, db = dout * 3 * a, dout * np.cos(a) * b
        return da, db

    report = check(forward, backward, (a, b))
    assert report["da"].verdict == report["db"].verdict == "wrong"
    assert "two entries" not in str(report)
