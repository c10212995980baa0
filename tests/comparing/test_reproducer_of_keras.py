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


def own_layers(keras: Any) -> tuple[Any, Any]:
    """A layer, and one that cannot say how it is made."""

    class Unit(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        """Divides by the sum of squares, which is beyond the largest number of float16 first."""

        def __init__(self, power: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.power = power

        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

        def call(self, x: Any) -> Any:
            powers = keras.ops.power(x * self.scale, self.power)
            return powers / keras.ops.sum(powers, -1, keepdims=True)

    class Nameless(Unit):
        def __init__(self, function: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.function = function

    return Unit, Nameless


def test_a_layer_of_the_users_own_is_made_after_the_source_of_its_class(tmp_path: Path) -> None:
    keras, tf = keras_and_tensorflow()
    layer = keras.Sequential([keras.layers.Rescaling(300.0), own_layers(keras)[0](power=2)])
    text = script_of(check_function(layer, tf.constant(X), dtypes="float16"), tmp_path / "script.py")
    assert "class Unit" in text
    assert "'power': 2" in text
    assert "needs TensorFlow, Keras and NumPy alone" in text


def test_a_layer_that_does_not_say_how_it_is_made_is_refused_with_a_reason(tmp_path: Path) -> None:
    keras, tf = keras_and_tensorflow()
    layer = keras.Sequential([keras.layers.Rescaling(300.0), own_layers(keras)[1](object())])
    report = check_function(layer, tf.constant(X), dtypes="float16")
    with pytest.raises(ValueError, match="Nameless is a layer of yours without get_config"):
        report.reproducer(tmp_path / "script.py")
