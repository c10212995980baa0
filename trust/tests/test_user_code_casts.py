"""A cast to float16 on the way of a right function: nobody can tell much, and nothing may be called wrong.

The cast is put around one assignment of forward. Backward computes as before, so that the two no longer round alike.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trust.user_code import FUNCTIONS
from trust.user_code.entry import UserFunction

ONCE_WRONG = [("norms.batchnorm", 0, 3), ("lapack.matrix_sqrt", 0, 3), ("attention.flash", 3, 1)]
"""Function, assignment, draw: small elements that saturate, steps shorter than those of float16, rounding in forward alone."""
SAMPLE = [(name, 0, draw) for name in ("norms.batchnorm", "attention.flash", "steps.heat") for draw in (0, 5)]
SEEN = [("steps.heat", 0, 0), ("attention.rotary", 0, 0)]


def narrowed(value: Any) -> Any:
    """A value as float16 holds it."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float16).astype(value.dtype)
    return float(np.float16(value)) if isinstance(value, float) else value


def planted(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    """The function with one of its assignments narrowed."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    computed = [node for node in assigned if isinstance(node.value, (ast.BinOp, ast.Call))]
    node = computed[number]
    node.value = ast.Call(ast.Name("narrowed", ast.Load()), [node.value], [])
    names = {**function.__globals__, "narrowed": narrowed}
    exec(compile(ast.fix_missing_locations(tree), inspect.getfile(function), "exec"), names)  # noqa: S102
    found: Callable[..., Any] = names[function.__name__]
    return found


def with_cast(name: str, number: int) -> UserFunction:
    """A function of the table with a cast in its forward."""
    function = FUNCTIONS[name]
    forward, backward = function.functions
    return replace(function, functions=(planted(forward, number), backward))


@pytest.mark.parametrize(("name", "number", "draw"), ONCE_WRONG + SAMPLE)
def test_a_cast_to_float16_is_no_mistake_of_backward(name: str, number: int, draw: int) -> None:
    report = with_cast(name, number).report(draw)
    assert report.verdict != "wrong", str(report)
    assert "float16" in str(report)


@pytest.mark.parametrize(("name", "number", "draw"), SEEN)
def test_a_mistake_beside_a_cast_is_seen(name: str, number: int, draw: int) -> None:
    def flipped(backward: Callable[..., Any]) -> Callable[..., Any]:
        def spoiled(*args: Any, **kwargs: Any) -> Any:
            gradients = backward(*args, **kwargs)
            return tuple(-g for g in gradients) if isinstance(gradients, tuple) else -gradients

        return spoiled

    assert with_cast(name, number).report(draw, around=flipped).verdict == "wrong"
