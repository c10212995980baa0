"""A script about a layer of Keras makes it anew from its config; what cannot be made is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwitness import check_function

X = ((1.0, 0.0), (0.0, 1.0))
"""Times 300; the square of that is beyond the largest number of float16."""


def keras_and_tensorflow() -> tuple[Any, Any]:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    return pytest.importorskip("keras", reason="Keras is not installed"), tf


def script_of(report: Any, path: Path) -> str:
    """The text; it has run once, and its exit status was 1."""
    assert report.verdict == "wrong", str(report)
    report.reproducer(path)
    return path.read_text()


def test_a_model_of_keras(tmp_path: Path) -> None:
    keras, tf = keras_and_tensorflow()
    inputs = keras.Input((2,))
    summed = keras.layers.add([keras.layers.BatchNormalization(momentum=0.5)(inputs), keras.layers.Rescaling(300.0)(inputs)])
    model = keras.Model(inputs, keras.layers.UnitNormalization()(summed))
    before = keras.config.floatx(), keras.config.dtype_policy().name
    report = check_function(model, tf.constant(X), dtypes="float16", kwargs={"training": True})
    text = script_of(report, tmp_path / "script.py")
    assert "'momentum': 0.5" in text
    assert "'dtype': dtype" in text
    assert "training=True" in text
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == before


def test_a_layer_of_the_users_own_is_refused_with_a_reason(tmp_path: Path) -> None:
    keras, tf = keras_and_tensorflow()

    class Unit(keras.layers.Dense):  # type: ignore[misc]  # Keras has no types
        def call(self, x: Any) -> Any:
            return tf.square(super().call(x)) / tf.reduce_sum(tf.square(super().call(x)), -1, keepdims=True)

    report = check_function(
        keras.Sequential([keras.layers.Rescaling(300.0), Unit(2, kernel_initializer="ones")]), tf.constant(X), dtypes="float16"
    )
    with pytest.raises(ValueError, match="Unit is a layer of yours, and nobody knows how it was made"):
        report.reproducer(tmp_path / "script.py")
