"""The rules of rewriting make the mistakes that people make, and planting one is undone again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.rewriting.mutation import mutations, planted


def product(a: Any, b: Any, n: int) -> Any:
    return a * b / n


def masked(x: Any, dout: Any) -> Any:
    return np.where(x > 0, dout, 0.0)


def accumulated(steps: Any, dweight: Any) -> Any:
    for t in range(len(steps)):
        dweight += steps[t].sum(axis=0)
    return dweight


def affine(x: Any, weight: Any, eps: float) -> Any:
    left, right = x @ weight, -weight
    return left + right.sum() / (x.size + eps)


RULES: dict[Callable[..., Any], list[tuple[str, str, str]]] = {
    product: [
        ("sum for mean", "a * b / n", "a * b"),
        ("N-1 for N", "a * b / n", "a * b / (n - 1)"),
        ("missing factor", "a * b", "a"),
        ("doubled factor", "a * b", "a * b * b"),
    ],
    masked: [("mask with its boundary", "x > 0", "x >= 0"), ("wrong mask", "x > 0", "x < 0")],
    accumulated: [
        ("last one dropped", "range(len(steps))", "range(len(steps) - 1)"),
        ("overwritten in place of accumulated", "dweight += steps[t].sum(axis=0)", "dweight = steps[t].sum(axis=0)"),
        ("stale value", "steps[t]", "steps[t - 1]"),
        ("missing sum", "steps[t].sum(axis=0)", "steps[t].take(0, axis=0)"),
        ("wrong axis", "steps[t].sum(axis=0)", "steps[t].sum(axis=1)"),
    ],
    affine: [
        ("swapped operands", "x @ weight", "weight @ x"),
        ("transposed operand", "x @ weight", "x @ weight.T"),
        ("flipped sign", "-weight", "weight"),
        ("dropped term", "left + right.sum() / (x.size + eps)", "left"),
        ("epsilon dropped", "eps", "0.0"),
        ("wrong tensor", "left", "right"),
    ],
}


@pytest.mark.parametrize(("function", "mistake"), [(f, m) for f, found in RULES.items() for m in found])
def test_a_rule_gives_what_people_write(function: Any, mistake: tuple[str, str, str]) -> None:
    assert mistake in [(m.label, m.before, m.after) for m in mutations(function)]


def test_every_mutation_of_a_function_is_another_code() -> None:
    found = list(mutations(product))
    assert [m.code().co_name for m in found] == ["product"] * len(found)
    results = []
    for m in found:
        with planted(product, m.code()):
            results.append(product(3.0, 5.0, 7))
    assert product(3.0, 5.0, 7) not in results


def test_planting_reaches_everybody_and_is_undone() -> None:
    right, holder = product.__code__, {"f": product}
    doubled = next(m for m in mutations(product) if m.after == "a * b * b").code()
    with planted(product, doubled):
        assert holder["f"](2.0, 3.0, 1) == 18
    with pytest.raises(ZeroDivisionError), planted(product, doubled):
        holder["f"](2.0, 3.0, 0)
    assert product.__code__ is right


def test_a_closure_is_refused() -> None:
    right = 1
    closing: Any = lambda: right  # noqa: E731  what is refused
    with pytest.raises(ValueError, match="closes over right; wanted a plain function"):
        list(mutations(closing))
