"""Every op at points of its whole domain: Hypothesis chooses shapes, options, values and dtype, and shrinks what fails.

A failure prints a line for the CASES of its op, which fails there as it did here. How many points are drawn, and whether the same
each time, is a profile: `ci`, which is the default, or `--hypothesis-profile soak`.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import adapters
from conformance.having import having
from conformance.known import differences
from conformance.matrix import DTYPES
from conformance.run import op_results, subject
from gradwitness import Disagreement
from gradwitness.derivative.oracle import Vacuous, check_subject
from gradwitness.evidence import Evidence
from reference import OPS, Case, Op
from reference.case import seed
from reference.domain import GRAIN
from tests.drawing import Drawn, Found, points

WITH_DOMAIN = [pytest.param(op, id=name) for name, op in OPS.items() if op.domain]

ELSEWHERE = {
    "gelu": ("jax", "F.gelu is written with 1 + erf, which cancels; tf.nn.gelu takes its sqrt(1/2) from float32"),
    "binary_cross_entropy_with_logits": (
        "jax",
        "PyTorch's backward is sigmoid(x) - 1 for a label of 1, which cancels; TensorFlow's with pos_weight is wrong at 0",
    ),
    "hard_sigmoid": ("tensorflow", "in float64 the backward of F.hardsigmoid multiplies by 1/6 from float32"),
    "gaussian_nll": ("tensorflow", "F.gaussian_nll_loss gives a variance below eps the gradient of eps"),
    "cosine_similarity": (
        "tensorflow",
        "F.cosine_similarity subtracts the derivative of a norm below eps, where it is a constant",
    ),
    "poisson_nll": ("jax", "the full loss has nan for the gradient of a count of 0 in PyTorch and TensorFlow"),
}
"""The framework that an op is held against is PyTorch, but for where a known difference of its is met all over the domain."""


def explore(op: Op, check: Callable[[Found, str], None]) -> Counter[str]:
    """Call check(point, dtype) on points of an op's domain; count what became of them.

    Points at which nothing can be seen are drawn anew. Raises what check raises, at the simplest point found, which is printed.
    """
    met: Counter[str] = Counter()

    @given(found=points(op), dtype=st.sampled_from(DTYPES))
    def at(found: Found, dtype: str) -> None:
        try:
            check(found, dtype)
        except Vacuous:
            met["vacuous"] += 1
            hypothesis.reject()
        met["judged"] += 1

    if settings().derandomize:
        at = hypothesis.seed(seed(op.name, check.__name__))(at)  # else ops of one signature see the same numbers
    at()
    return met


def check_numerically(op: Op) -> Counter[str]:
    """Hold an op's backward against numerical differentiation, all over its domain; refuse a domain most of which is vacuous."""

    def numerically(found: Found, _dtype: str) -> None:
        check_subject(subject(op, found.case))

    met = explore(op, numerically)
    assert met["judged"] > met["vacuous"], f"{op.name}: of the points of its domain {met['vacuous']} were vacuous, {met}"
    return met


def check_with_framework(op: Op) -> Counter[str]:
    """Hold a framework's op and its derivative against the reference, all over the op's domain."""
    name, _ = ELSEWHERE.get(op.name, ("torch", ""))
    having(name, "ops", op.name)

    def with_framework(found: Found, dtype: str) -> None:
        told = Evidence.of(subject(op, found.case), dtype)
        told.judge(op_results(told, op.name, name))

    return explore(op, with_framework)


@pytest.mark.parametrize("op", WITH_DOMAIN)
def test_backward_is_the_derivative_of_forward_all_over_the_domain(op: Op) -> None:
    check_numerically(op)


@pytest.mark.parametrize("op", WITH_DOMAIN)
def test_a_framework_agrees_all_over_the_domain(op: Op) -> None:
    check_with_framework(op)


@pytest.mark.parametrize("op", ELSEWHERE)
def test_an_op_is_held_against_another_framework_for_a_known_difference_only(op: str) -> None:
    assert [d for d in differences() if (d.adapter, d.op) == ("torch", op)]


@pytest.mark.parametrize("op", WITH_DOMAIN)
def test_a_domain_has_every_option(op: Op) -> None:
    keywords = {p.name for p in inspect.signature(op.forward).parameters.values() if p.kind == inspect.Parameter.KEYWORD_ONLY}
    chosen: set[str] = set()

    @hypothesis.seed(0)
    @settings(max_examples=30, phases=[Phase.generate], database=None)
    @given(found=points(op))
    def at(found: Found) -> None:
        chosen.update(found.case.attrs)

    at()
    assert keywords <= chosen  # and what is chosen besides, the op hands on to another


# --- the search itself


def wrong(op: Op) -> Op:
    """The op with a backward whose first gradient is too large by a thousandth where it is positive."""

    def backward(dout: Any, cache: Any) -> tuple[Any, ...]:
        first, *others = op.backward(dout, cache)
        return np.where(first > 0, first * (1 + 2.0**-10), first), *others

    return replace(op, backward=backward)


@pytest.mark.parametrize("name", ["tanh", "mse", "multi_margin", "ctc"])
def test_what_fails_shrinks_and_is_handed_over_as_a_case_that_fails(name: str) -> None:
    op = wrong(OPS[name])
    with pytest.raises(Disagreement) as found:
        check_numerically(op)
    (line,) = re.findall(r"found=(Case\(.*\)),$", "\n".join(found.value.__notes__), re.MULTILINE)
    case = eval(line, {"np": np, "Case": Case})  # noqa: S307 - the line is ours, and is there to be run
    assert sum(x.size for x in case.inputs(np.random.default_rng(0))) <= 4  # as few as the op can do with, or nearly
    with pytest.raises(Disagreement) as again:
        check_subject(subject(op, case))
    assert str(again.value) == str(found.value)
    check_subject(subject(OPS[name], case))


def test_a_framework_s_mistake_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setitem(adapters.load("torch").ops, "tanh", lambda x: torch.where(x < 2, torch.tanh(x), torch.tanh(x) * 1.001))
    with pytest.raises(Disagreement) as found:
        check_with_framework(OPS["tanh"])
    assert any("np.array([2.0])" in note for note in found.value.__notes__)


def test_a_domain_without_a_gradient_is_refused() -> None:
    nothing = replace(OPS["relu"], domain=lambda pick: ((-np.ones(pick.size()),), {}))
    with pytest.raises((hypothesis.errors.Unsatisfiable, hypothesis.errors.FailedHealthCheck)):
        check_numerically(nothing)
    hardly = replace(OPS["relu"], domain=lambda pick: ((pick.one_of(*[-1.0] * 3, 1.0) * np.ones(pick.size()),), {}))
    with pytest.raises(AssertionError, match="vacuous"):
        check_numerically(hardly)


@given(data=st.data())
def test_numbers_are_drawn_as_they_are_asked_for(data: st.DataObject) -> None:
    pick = Drawn(data.draw)
    x = pick.floats(2, 3, low=-1, high=2, besides=(0.0, 0.5))
    assert x.shape == (2, 3)
    assert x.dtype == np.float64
    assert ((x >= -1) & (x <= 2) & (x != 0) & (x != 0.5) & (x % GRAIN == 0)).all()
    assert np.unique(pick.distinct(4, 5)).size == 20
    integers = pick.integers(7, low=-2, high=3)
    assert ((integers >= -2) & (integers < 3)).all()
    assert integers.dtype.kind == "i"
    assert pick.booleans(3).dtype == bool
    assert 2 <= pick.size(2, 5) <= 5
    assert pick.one_of("a", "b") in ("a", "b")
