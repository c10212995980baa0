"""Functions of TensorFlow that cast to float32 or bfloat16 inside: differences are taken without the rounding of the casts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
SHARP = 1e-9
"""What differences in float64 see; those of a function that rounds to float32 inside see 1e-4."""


def drawn(*shape: int) -> Any:
    return tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))


def rms_norm(x: Any, weight: Any) -> Any:
    """As language models have it."""
    wide = tf.cast(x, tf.float32)
    return weight * tf.cast(wide * tf.math.rsqrt(tf.reduce_mean(wide**2, -1, keepdims=True) + 1e-6), x.dtype)


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
def off(x: Any) -> Any:
    """Its backward is off by a hundred thousandth at one element."""
    out = tf.cast(tf.tanh(tf.cast(x, tf.float32)), x.dtype)
    factors = np.ones((3, 6))
    factors[0, 4] = 1.00001
    return out, lambda dout: dout * (1 - out * out) * tf.cast(factors, out.dtype)


FUNCTIONS = {
    "softmax": (lambda x: tf.cast(tf.nn.softmax(tf.cast(x, tf.float32)), x.dtype), (drawn(3, 6),)),
    "RMSNorm": (rms_norm, (drawn(3, 6), drawn(6))),
    "graph": (tf.function(rms_norm), (drawn(3, 6), drawn(6))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_casts_hide_nothing(name: str) -> None:
    function, inputs = FUNCTIONS[name]
    report = check_function(function, inputs)
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert "its casts to float32 round nothing" in report.examined


def test_the_casts_of_a_layer_of_keras_hide_nothing() -> None:
    """While a layer runs, functions of TensorFlow run eagerly; what is examined is a graph for all that."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    report = check_function(keras.layers.Activation(FUNCTIONS["softmax"][0]), drawn(3, 6))
    assert report.ok, report
    assert report["dinputs"].sight < SHARP
    assert "its casts to float32 round nothing" in report.examined


def test_a_small_mistake_is_seen_behind_the_casts() -> None:
    finding = check_function(off, drawn(3, 6))["dx"]
    assert finding.verdict == "wrong"
    assert finding.where == ((0, 4),)


def _rule(one: float = 1.0) -> Any:
    """Its backward computes with what was cast to bfloat16. Forward casts nothing."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def swish(x: Any) -> Any:
        def backward(dout: Any) -> Any:
            kept = tf.cast(tf.cast(x, tf.bfloat16), dout.dtype)
            return dout * tf.sigmoid(kept) * (one + kept * (1 - tf.sigmoid(kept)))

        return x * tf.sigmoid(x), backward

    return swish


def test_the_casts_of_a_rule_alone_hide_nothing_either() -> None:
    report = check_function(_rule(), drawn(3, 6))
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert "its casts to bfloat16 round nothing" in report.examined


def test_a_mistake_below_the_digits_of_such_a_cast_is_seen() -> None:
    assert check_function(_rule(1.0001), drawn(3, 6))["dx"].verdict == "wrong"
