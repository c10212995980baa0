"""Numbers of the source in programs that are traced: JAX and TensorFlow write them in the dtype that they compute in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, frameworks
from gradwitness.rounding.arithmetic import Measured

ROWS = np.array([[0.0, 0.0], [3.0, 4.0]])
Made = tuple[Any, Callable[..., list[Measured]], dict[str, Callable[[Any], Any]]]


def made(name: str, dtype: str) -> Made:
    """(rows, measure, functions) of a framework; skips where it is missing."""
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    functions: dict[str, Callable[[Any], Any]]
    if name == "jax":
        import jax
        import jax.numpy as jnp

        from gradwitness.rounding.jax import measure

        functions = {
            "over a norm": lambda x: x / (jnp.sqrt(jnp.sum(x * x, -1, keepdims=True)) + 1e-8),
            "in a loop": lambda x: jax.lax.fori_loop(0, 3, lambda _, y: 0.1 * y, x),
            "of the dtype": lambda x: x + jnp.asarray(jnp.finfo(x.dtype).eps, x.dtype),
        }
        return jnp.asarray(ROWS, dtype), measure, functions
    import tensorflow as tf

    from gradwitness.rounding.tensorflow import measure as of_tensorflow

    functions = {
        "over a norm": lambda x: x / (tf.sqrt(tf.reduce_sum(x * x, -1, keepdims=True)) + 1e-8),
        "in a loop": lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, 0.1 * y), (0, x))[1],
        "of the dtype": lambda x: x + np.finfo(x.dtype.as_numpy_dtype).eps.astype(x.dtype.as_numpy_dtype),
    }
    return tf.constant(ROWS, dtype), of_tensorflow, functions


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_an_epsilon_that_vanishes_in_float16_is_there_in_the_truth(name: str) -> None:
    x, measure, functions = made(name, "float16")
    (found,) = measure(functions["over a norm"], (x,), "float16")
    wanted = ROWS / (np.linalg.norm(ROWS, axis=-1, keepdims=True) + 1e-8)
    assert np.abs(found.truth - wanted).max() <= 2.0**-40 * np.abs(wanted).max()


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_what_it_makes_of_a_row_of_zeros_is_wrong_in_float16_alone(name: str) -> None:
    x, _, functions = made(name, "float16")
    finding = check_function(functions["over a norm"], (x,))["float16: out"]
    assert (finding.verdict, finding.where) == ("wrong", ((0, 0), (0, 1)))
    assert "An epsilon below 6e-08 is 0 in float16" in finding.message
    wider, _, _ = made(name, "bfloat16")
    assert check_function(functions["over a norm"], (wider,))["bfloat16: out"].verdict == "right"


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_a_number_is_as_the_source_has_it_and_its_rounding_counts(name: str) -> None:
    x, measure, functions = made(name, "bfloat16")
    (found,) = measure(functions["in a loop"], (x,), "bfloat16")
    assert np.abs(found.truth - ROWS / 1000).max() <= 2.0**-40 * np.abs(ROWS / 1000).max()
    assert found.spread[1, 1] > 2.0**-9 * found.truth[1, 1]


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_a_number_of_the_dtype_stays_as_it_is(name: str) -> None:
    x, measure, functions = made(name, "float16")
    (found,) = measure(functions["of the dtype"], (x,), "float16")
    np.testing.assert_array_equal(found.truth, ROWS + 2.0**-10)


def test_keras_divides_by_an_epsilon_that_float16_cannot_hold() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    report = check_function(keras.ops.normalize, (tf.constant(ROWS, "float32"),), dtypes=["bfloat16", "float16"])
    assert report["float16: out"].where == ((0, 0), (0, 1)), str(report)
    assert report["bfloat16: out"].verdict == report["bfloat16: dx"].verdict == "right"
