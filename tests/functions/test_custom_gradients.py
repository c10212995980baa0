"""Custom rules of TensorFlow and JAX: a gradient that is passed over, a sign, a None."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

X = np.array([0.25, -1.5, 2.0])


def softplus_of_tensorflow() -> Any:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def softplus(x: Any, shift: Any) -> Any:
        grown = tf.exp(x + shift)

        def grad(dout: Any) -> Any:
            slope = dout * (1 - 1 / (1 + grown))
            return slope, tf.reduce_sum(slope)

        return tf.math.log(1 + grown), grad

    return softplus, tf.constant(X), tf.constant(0.25, tf.float64)


def test_by_position_the_custom_gradient_is_used() -> None:
    softplus, x, shift = softplus_of_tensorflow()
    report = check_function(softplus, (x, shift))
    assert report.ok, str(report)


def test_by_keyword_the_custom_gradient_is_not_used() -> None:
    softplus, x, shift = softplus_of_tensorflow()
    finding = check_function(softplus, {"x": x, "shift": shift})["custom gradient of softplus"]
    assert finding.verdict == "wrong"
    assert "by position" in finding.message


def test_within_another_function_it_is_found_as_well() -> None:
    softplus, x, shift = softplus_of_tensorflow()
    report = check_function(lambda x: softplus(x=x, shift=shift), (x,))
    assert report["custom gradient of softplus"].verdict == "wrong"


@pytest.fixture
def as_it_comes() -> Iterator[None]:
    """TensorFlow without deterministic ops, which the tests ask for."""
    config = pytest.importorskip("tensorflow.python.framework.config", reason="TensorFlow is not installed")
    before = config.is_op_determinism_enabled()
    config.disable_op_determinism()
    yield
    if before:
        config.enable_op_determinism()


@pytest.mark.parametrize(("total", "verdict"), [(1.0, "right"), (2.0, "wrong")])
@pytest.mark.usefixtures("as_it_comes")
def test_a_kernel_is_examined_as_the_process_runs_it(total: float, verdict: str) -> None:
    """With deterministic ops tf.nn.softmax_cross_entropy_with_logits is another function, whose gradient is right."""
    import tensorflow as tf

    labels = tf.constant(total * np.full((2, 3), 1 / 3))
    report = check_function(lambda x: tf.nn.softmax_cross_entropy_with_logits(labels, x), (tf.constant([X, X[::-1]]),))
    assert report["dx"].verdict == verdict, str(report)


def test_where_the_gradients_by_keyword_and_by_position_differ() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def rounded(x: Any) -> Any:
        return tf.round(x), lambda dout: dout

    report = check_function(rounded, {"x": tf.constant(X)})
    finding = report["dx, arguments by position"]
    assert (finding.verdict, finding.wrong) == ("wrong", 3)


def test_a_rule_that_is_called_by_position_is_right_although_by_keyword_there_is_none() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    report = check_function(tf.recompute_grad(lambda x: tf.sin(tf.sin(x))), tf.constant(X))
    assert report.ok, str(report)
    assert report["dx, arguments by keyword"].verdict == "note"


@pytest.mark.parametrize(("sign", "verdict"), [(1, "right"), (-1, "wrong")])
def test_a_sign_of_a_custom_vjp(sign: int, verdict: str) -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    @jax.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return jnp.sin(x) * y

    product.defvjp(
        lambda x, y: (product(x, y), (x, y)),
        lambda kept, dout: (dout * jnp.cos(kept[0]) * kept[1], sign * dout * jnp.sin(kept[0])),
    )
    report = check_function(product, (jnp.asarray(X, "float32"), jnp.asarray(X[::-1], "float32")))
    assert (report["dx"].verdict, report["dy"].verdict) == ("right", verdict)
    assert report.verdict == verdict


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (2, "wrong")])
def test_a_rule_that_is_told_of_variables(factor: float, verdict: str) -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    scale = tf.Variable([1.5, -0.5, 2.0], dtype=tf.float64)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        def grad(dout: Any, variables: Any = None) -> Any:
            return factor * dout * scale, [dout * x for _ in variables]

        return x * scale, grad

    report = check_function(scaled, tf.constant(X))
    assert report.verdict == verdict
    assert report["parameters"].message.startswith("The function holds ")


def test_a_gradient_of_another_shape_than_its_argument_is_wrong(tmp_path: Path) -> None:
    """TensorFlow hands it on as it is."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def shifted(x: Any, bias: Any) -> Any:
        return x + bias, lambda dout: (dout, tf.reduce_sum(dout, 0))

    report = check_function(shifted, (tf.ones((2, 3, 4)), tf.ones(4)))
    assert {finding.about for finding in report if finding.verdict == "wrong"} == {"dbias"}
    assert "Its shape is (3, 4); wanted (4,)" in report["dbias"].message
    report.reproducer(tmp_path / "script.py")


@pytest.mark.parametrize(("factor", "wrong"), [(1.0, set()), (2.0, {"dVariable"})])
def test_a_rule_of_a_module_is_told_of_its_variables(factor: float, wrong: set[str]) -> None:
    """While tensors stand in for them. One that is not trained is no variable of the rule."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    class Scale(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable([1.5, -0.5, 2.0], dtype=tf.float64)
            self.fixed = tf.Variable(3.0, dtype=tf.float64, trainable=False)

        def __call__(self, x: Any) -> Any:
            @tf.custom_gradient
            def scaled(x: Any) -> Any:
                def grad(dout: Any, variables: Any) -> Any:
                    (variable,) = variables
                    return dout * self.scale * self.fixed, [tf.reshape(factor * dout * x * self.fixed, variable.shape)]

                return x * self.scale * self.fixed, grad

            return scaled(x)

    module = Scale()
    for report in (check_function(module, tf.constant(X)), check_function(module, tf.constant(X, tf.float32))):
        assert {finding.about for finding in report if finding.verdict == "wrong"} == wrong, str(report)
        assert "cannot be watched" not in str(report)
    assert module.scale.numpy().tolist() == [1.5, -0.5, 2.0]


def test_a_rule_of_a_layer_that_a_lambda_holds_is_told_of_its_variables() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    class Scale(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=shape[-1:], initializer="random_normal")

        def call(self, x: Any) -> Any:
            @tf.custom_gradient
            def scaled(x: Any) -> Any:
                def grad(dout: Any, variables: Any = None) -> Any:
                    return dout * self.scale, [tf.reduce_sum(dout * x, 0) for _ in variables]

                return x * tf.convert_to_tensor(self.scale), grad

            return scaled(x)

    layer, x = Scale(), tf.constant([X, X[::-1]], tf.float32)
    layer.build((None, 3))
    assert check_function(layer, x).ok
    assert check_function(lambda x: tf.tanh(layer(x)), x).ok


def test_a_rule_of_an_operation_without_one_of_its_own() -> None:
    """What its results depend on cannot be asked."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    places = tf.constant([1, 2, 0])

    class Scale(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable([1.5, -0.5, 2.0], dtype=tf.float64)

        def __call__(self, x: Any) -> Any:
            @tf.custom_gradient
            def scaled(x: Any) -> Any:
                def grad(dout: Any, variables: Any = None) -> Any:
                    dout = tf.gather(dout, places)
                    return dout * self.scale if variables is None else (dout * self.scale, [dout * x])

                return tf.math.bincount(places, weights=x * self.scale), grad

            return scaled(x)

    report = check_function(Scale(), tf.constant(X))
    assert report.verdict == "cannot tell", str(report)
    assert "Hand it to the rule as an argument" in report["dVariable"].message


def test_two_variables_of_one_name_are_two() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    class Affine(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.shift = tf.Variable([1.5, -0.5, 2.0]), tf.Variable([0.5, 0.5, 0.5])

        def __call__(self, x: Any) -> Any:
            return tf.tanh(x * self.scale + self.shift)

    report = check_function(Affine(), tf.constant(X, tf.float32))
    assert [report[about].verdict for about in ("dVariable", "dVariable_1")] == ["right", "right"]
