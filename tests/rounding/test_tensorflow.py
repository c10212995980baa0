"""Monte Carlo arithmetic inside TensorFlow: the truth of any function that can be traced, and what rounding can do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradwitness import K, frameworks
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched

pytest.importorskip("tensorflow", reason="tensorflow is not installed")
frameworks.load("tensorflow")

import tensorflow as tf  # noqa: E402  without the lines that it writes to stderr


@tf.custom_gradient
def swish(x: Any) -> Any:
    s = tf.sigmoid(x)
    return x * s, lambda dout: dout * (s + x * s * (1 - s))


@tf.custom_gradient
def twice_too_large(x: Any) -> Any:
    s = tf.sigmoid(x)
    return x * s, lambda dout: 2 * dout * (s + x * s * (1 - s))


def loop(x: Any, w: Any) -> Any:
    step = tf.function(lambda h: tf.tanh(h @ w + x))
    y = tf.while_loop(lambda i, h: i < 4, lambda i, h: (i + 1, step(h)), (0, tf.zeros_like(x)))[1]
    return tf.cond(tf.reduce_sum(y) > 1e3, lambda: tf.sin(y), lambda: tf.cos(y))


def batch_norm(x: Any, scale: Any, offset: Any) -> Any:
    return tf.compat.v1.nn.fused_batch_norm(x, scale, offset, epsilon=1e-3)[0]


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "softmax": (lambda x: tf.nn.softmax(x), [(3, 5)]),
    "custom_gradient": (swish, [(4, 5)]),
    "matmul": (tf.matmul, [(16, 64), (64, 8)]),
    "loop": (loop, [(5, 3), (3, 3)]),
}
PLACES = [
    ("softmax", "float32"),
    ("custom_gradient", "float64"),
    ("matmul", "bfloat16"),
    ("loop", "float32"),
    ("loop", "float16"),
]


def tensors(seed: int, dtype: str, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [tf.cast(tf.constant(rng.normal(size=shape)), dtype) for shape in shapes]


def gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(inputs: Sequence[Any], dout: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            out = function(*inputs)
        return out, tape.gradient(out, inputs, output_gradients=dout)

    return run


def measure(function: Callable[..., Any], arguments: Sequence[Any], dtype: str, **kwargs: Any) -> list[Measured]:
    from gradwitness.rounding.tensorflow import measure

    return measure(function, arguments, dtype, **kwargs)


def units(results: Any, measured: Sequence[Measured]) -> float:
    """The largest distance of the results from the truth, in units of the spread."""
    numbers = [tf.cast(result, tf.float64).numpy() for result in tf.nest.flatten(results)]
    return max(float(np.max(np.abs(a - m.truth) / m.spread)) for a, m in zip(numbers, measured, strict=True))


@pytest.mark.parametrize(("name", "dtype"), PLACES)
def test_the_truth_is_the_function_in_float64_and_honest_results_lie_near_it(name: str, dtype: str) -> None:
    function, shapes = FUNCTIONS[name]
    run, inputs = gradients(function), tensors(1, dtype, *shapes)
    (dout,) = tensors(2, dtype, tuple(function(*inputs).shape))
    measured = measure(run, (inputs, dout), dtype)
    wide = run([tf.cast(x, tf.float64) for x in inputs], tf.cast(dout, tf.float64))
    assert units(wide, measured) < (1e-6 if dtype != "float64" else 8)
    assert units(run(inputs, dout), measured) < 8
    unit = {"float64": 2**-53, "float32": 2**-24, "float16": 2**-11, "bfloat16": 2**-8}[dtype]
    assert all(unit / 8 < np.sqrt((m.spread**2).mean() / (m.truth**2).mean()) < 32 * unit for m in measured)


def test_the_order_of_a_polygamma_does_not_round() -> None:
    x, dout = tf.constant([0.5, 1.0, 2.0, 3.5]), tf.constant([1.0, -2.0, 0.5, 1.0])
    measured = measure(gradients(tf.math.digamma), ([x], dout), "float32")
    assert units(gradients(tf.math.digamma)([x], dout), measured) < K


def test_a_kernel_without_a_float64_form_is_composed() -> None:
    inputs, (dout,) = tensors(3, "float32", (3, 2, 2, 4), (4,), (4,)), tensors(4, "float32", (3, 2, 2, 4))
    measured = measure(gradients(batch_norm), (inputs, dout), "float32")
    assert units(gradients(batch_norm)(inputs, dout), measured) < 8


def test_the_spread_of_a_wrong_rule_does_not_hide_it() -> None:
    inputs, (dout,) = tensors(4, "float32", (4, 5)), tensors(5, "float32", (4, 5))
    measured = measure(gradients(swish), (inputs, dout), "float32")
    assert units(gradients(twice_too_large)(inputs, dout), measured) > 1e5


def test_a_bfloat16_sum_accumulates_in_float32() -> None:
    (measured,) = measure(lambda x: tf.reduce_sum(tf.abs(x)), tensors(5, "bfloat16", (4096,)), "bfloat16")
    assert 2**-10 < measured.spread / measured.truth < 2**-7


def test_what_only_moves_numbers_has_no_spread() -> None:
    def function(x: Any) -> list[Any]:
        return [
            tf.nn.relu(x),
            tf.concat([x, -x], 0),
            tf.reduce_max(x),
            tf.math.segment_max(x, [0, 0, 1]),
            tf.math.unsorted_segment_min(x, [1, 0, 1], 2),
            tf.tensor_scatter_nd_max(x, [[0], [2]], -x[:2]),
            tf.gather(x, [0, 0]),
            tf.cast(x, tf.float32),
            x + 0,
            1 * x,
        ]

    assert {m.spread.max() for m in measure(function, tensors(7, "bfloat16", (3, 4)), "bfloat16")} == {0.0}


def test_values_that_are_added_by_index_are_a_sum_in_the_order_of_the_index() -> None:
    index = tf.constant([0] * 300 + [1])
    (measured,) = measure(lambda x: tf.math.unsorted_segment_sum(x, index, 3), [tf.fill([301], 0.75)], "float32")
    assert measured.truth.tolist() == [225, 0.75, 0]
    assert measured.spread[0] / 225 > 4 * 2**-24


def test_whole_numbers_that_are_added_by_index_stay_whole() -> None:
    index = tf.constant([0] * 300 + [1])
    (measured,) = measure(lambda x: tf.math.unsorted_segment_sum(x, index, 3), [tf.ones([301])], "float32")
    assert measured.truth.tolist() == [300, 1, 0]
    assert not measured.spread.any()


def test_the_gradient_of_a_maximum_by_index_is_sure() -> None:
    """TensorFlow finds the elements that were selected by comparing them with the result, and divides by their number."""

    def gradient(x: Any, updates: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch((x, updates))
            out = tf.reduce_sum(tf.tensor_scatter_nd_max(x, [[0], [2]], updates))
        return tape.gradient(out, (x, updates))

    for measured in measure(gradient, tensors(11, "float32", (4,), (2,)), "float32"):
        assert np.isin(measured.truth, (0, 1)).all()
        assert not measured.spread.any()


def test_a_variable_is_written_to_in_its_shadow_alone() -> None:
    average, given = tf.Variable([1.0, 3.0]), tf.Variable(5)

    def function(x: Any) -> Any:
        average.assign(0.5 * (average + x))
        given.assign_add(1)
        return average + 0

    (measured,) = measure(function, [tf.constant([2.0, 2.0])], "float32")
    assert measured.truth.tolist() == [1.5, 2.5]
    assert (average.numpy().tolist(), given.numpy()) == ([1.0, 3.0], 5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.numpy_function(np.sin, [x], x.dtype),
        lambda x: tf.random.uniform([2], seed=1) * x,
        lambda x: x if x[0] > 0 else -x,
        lambda x: tf.constant(np.sin(x.numpy())),
    ],
    ids=["numpy_function", "random", "decides", "numpy"],
)
def test_code_that_cannot_be_followed_is_not_watched(function: Callable[..., Any]) -> None:
    with pytest.raises(NotWatched):
        measure(function, tensors(0, "float32", (2,)), "float32")


def test_a_point_where_rounding_makes_nan_has_no_spread() -> None:
    with pytest.raises(Unstable):
        measure(lambda x: tf.sqrt(x + 8192 - 8192), [tf.fill([64], 1e-4)], "float32")


def test_tensors_may_have_ten_axes() -> None:
    (found,) = measure(lambda x: tf.reshape(x, [1] * 9 + [3]) * x, (tf.constant([0.5, 1.5, 2.5]),), "float32")
    assert np.ravel(found.truth).tolist() == [0.25, 2.25, 6.25]


@pytest.mark.parametrize("branches", [False, True], ids=["a call", "branches"])
def test_a_function_that_was_differentiated_before_is_watched(branches: bool) -> None:
    """TensorFlow lets its graph return more from then on."""

    @tf.function
    def normalised(x: Any) -> Any:
        e = tf.exp(x)
        return tf.cond(tf.reduce_sum(e) > 0, lambda: e / tf.reduce_sum(e), lambda: e) if branches else e / tf.reduce_sum(e)

    x = tf.constant([0.5, -1.0, 2.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = normalised(x)
    tape.gradient(out, x)
    (measured,) = measure(normalised, (x,), "float64")
    assert (np.abs(out.numpy() - measured.truth) <= 32 * measured.spread).all()
