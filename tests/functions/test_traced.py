"""TensorFlow's functions that take another path where they are traced: the eager one is judged by itself."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


def asks(x: Any) -> Any:
    return tf.tanh(x) if tf.executing_eagerly() else 2 * tf.tanh(x)


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def asks_in_its_rule(x: Any) -> Any:
    y = tf.tanh(x)

    def rule(dout: Any) -> Any:
        return dout * (1 - y * y) * (1 if tf.executing_eagerly() else 2)

    return y, rule


def takes_values(x: Any) -> Any:
    return x ** int(tf.reduce_sum(tf.cast(x > 0, tf.int32)).numpy())


def lifts_out_of_graphs(x: Any) -> Any:
    with tf.init_scope():
        factor = tf.constant(2.0)
    return x * tf.cast(factor, x.dtype)


def _call(function: Any, **options: Any) -> Any:
    return check_function(function, tf.constant([0.5, 1.2, -0.7]), **options)


@pytest.mark.parametrize("function", [asks, asks_in_its_rule, takes_values, lifts_out_of_graphs])
def test_it_is_right_eagerly(function: Any) -> None:
    report = _call(function)
    assert report.ok, str(report)


def test_that_another_function_is_traced_is_told() -> None:
    assert "TensorFlow traces another function than it runs" in str(_call(asks))


def test_where_it_is_compiled_nobody_knows_what_rounding_does() -> None:
    assert _call(asks, modes=("graph",)).verdict == "cannot tell"
