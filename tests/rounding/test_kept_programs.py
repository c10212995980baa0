"""The programs of Monte Carlo arithmetic are kept: a function that is checked again is not compiled again, and another one is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from gradwitness import frameworks

NARROW = float(np.float16(0.1))
"""What 0.1 is in float16."""


class Kept:
    """The functions of a framework, and the truth of each."""

    def __init__(self, name: str) -> None:
        if not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
        frameworks.load(name)
        self.rounding: Any = import_module(f"gradwitness.rounding.{name}")
        self.to_tensor = import_module("jax.numpy").asarray if name == "jax" else import_module("tensorflow").constant
        self.looped: Callable[[float], Callable[[Any], Any]] = in_jax if name == "jax" else in_tensorflow

    def truth(self, function: Callable[[Any], Any], values: list[float], dtype: str = "float32") -> Any:
        (found,) = self.rounding.measure(function, (self.to_tensor(np.array(values, dtype)),), dtype)
        return found.truth

    @property
    def built(self) -> int:
        """How many programs were built so far."""
        return int(self.rounding._kept.cache_info().misses)


def in_jax(factor: float) -> Callable[[Any], Any]:
    import jax

    return lambda x: jax.lax.fori_loop(0, 3, lambda _, y: factor * y, x)


def in_tensorflow(factor: float) -> Callable[[Any], Any]:
    import tensorflow as tf

    return lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, factor * y), (0, x))[1]


@pytest.fixture(params=["jax", "tensorflow"])
def kept(request: pytest.FixtureRequest) -> Kept:
    return Kept(request.param)


def test_a_function_at_another_point_needs_no_other_program(kept: Kept) -> None:
    assert kept.truth(kept.looped(0.75), [1.0, 2.0]).tolist() == [0.75**3, 2 * 0.75**3]
    before = kept.built
    assert kept.truth(kept.looped(0.75), [3.0, 4.0]).tolist() == [3 * 0.75**3, 4 * 0.75**3]
    assert kept.built == before


def test_another_number_in_a_loop_is_another_program(kept: Kept) -> None:
    truths = [kept.truth(kept.looped(factor), [1.0]).item() for factor in (0.75, 1.25, 0.75)]
    assert truths == [0.75**3, 1.25**3, 0.75**3]


def test_two_numbers_that_the_dtype_makes_one_have_two_truths(kept: Kept) -> None:
    """The programs are the same to the bit in float16; their sources are not."""
    one, other = (kept.truth(lambda x, by=by: by * x, [1.0], "float16").item() for by in (0.1, NARROW))
    assert (one, other) == (0.1, NARROW)


def test_two_shapes_have_two_programs(kept: Kept) -> None:
    assert [kept.truth(lambda x: 0.5 * x[-1], [1.0] * n + [8.0]).item() for n in (1, 2)] == [4.0, 4.0]


def test_what_a_function_holds_is_as_it_is_now(kept: Kept) -> None:
    """A tensor of its closure is no number of the source."""
    truths = []
    for held in (2.0, 3.0):
        other = kept.to_tensor(np.array([held], "float32"))
        truths.append(kept.truth(lambda x, other=other: x * other, [5.0]).item())
    assert truths == [10.0, 15.0]


def test_a_program_with_a_large_constant_is_not_kept(kept: Kept) -> None:
    large, before = np.ones(2**19, "float32"), kept.rounding._kept.cache_info()
    assert kept.truth(lambda x: x * large[-1] + large, [3.0])[0] == 4
    assert kept.rounding._kept.cache_info() == before
