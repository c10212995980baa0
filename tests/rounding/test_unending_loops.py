"""Loops that end at a tolerance below the last digit do not end where every step rounds at random. That is told, in time.

In float32 itself they end: each step goes half of the way that is left, until nothing changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.rounding.framework import NotWatched

X = np.array([0.3, -1.2, 0.8], np.float32)


def jax_loop(tol: float) -> tuple[Any, Any, Any]:
    jax: Any = pytest.importorskip("jax", reason="JAX is not installed")
    from gradwitness.rounding.jax import measure

    def solved(x: Any) -> Any:
        def step(state: Any) -> Any:
            new = state[0] / 2 + x
            return new, jax.numpy.abs(new - state[0]).max()

        return jax.lax.while_loop(lambda state: state[1] > tol, step, (x, jax.numpy.float32(1)))[0]

    return measure, solved, jax.numpy.asarray(X)


def tensorflow_loop(tol: float) -> tuple[Any, Any, Any]:
    tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    from gradwitness.rounding.tensorflow import measure

    def solved(x: Any) -> Any:
        def step(z: Any, _: Any) -> Any:
            new = z / 2 + x
            return new, tf.reduce_max(tf.abs(new - z))

        return tf.while_loop(lambda _, off: off > tol, step, (x, tf.constant(1.0)))[0]

    return measure, solved, tf.constant(X)


@pytest.mark.parametrize("loop", [jax_loop, tensorflow_loop])
def test_a_loop_that_never_ends_is_broken_off(loop: Any) -> None:
    measure, solved, x = loop(1e-12)
    with pytest.raises(NotWatched, match="a loop that ends at a tolerance does not end"):
        measure(solved, (x,), "float32")


@pytest.mark.parametrize("loop", [jax_loop, tensorflow_loop])
def test_one_that_ends_is_measured(loop: Any) -> None:
    measure, solved, x = loop(1e-4)
    (measured,) = measure(solved, (x,), "float32")
    assert np.isfinite(measured.truth).all()
    assert (measured.spread > 0).all()


def test_the_report_says_so() -> None:
    jax: Any = pytest.importorskip("jax", reason="JAX is not installed")
    _, solved, x = jax_loop(1e-12)
    rule = jax.custom_vjp(solved)
    rule.defvjp(lambda x: (solved(x), None), lambda _, dout: (2 * dout,))
    report = check_function(rule, (x,))
    assert report.verdict == "cannot tell", report
    assert "a loop that ends at a tolerance does not end" in " ".join(str(report).split())
