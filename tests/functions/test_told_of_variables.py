"""Rules of tf.custom_gradient whose gradients do not fit what they take: what is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import UserError, check_function

X = np.array([0.3, -1.1, 0.7])


def test_a_rule_that_returns_too_few_gradients_is_told_so() -> None:
    """And nothing of keywords or modules, of which it has none."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    shifted = tf.custom_gradient(lambda x, bias: (x + bias, lambda dout: dout))
    with pytest.raises(UserError, match=r"expected to return 2 gradients, but returned 1.*one gradient for each") as caught:
        check_function(shifted, (tf.ones(3), tf.ones(3)))
    assert "keyword" not in str(caught.value)


@pytest.mark.parametrize("by_name", [False, True])
def test_a_rule_tells_variables_of_a_layer_apart(by_name: bool) -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    class Affine(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=shape[-1:], initializer="random_normal", name="scale")
            self.shift = self.add_weight(shape=shape[-1:], initializer="random_normal", name="shift")

        def call(self, x: Any) -> Any:
            @tf.custom_gradient
            def affine(x: Any) -> Any:
                def is_scale(variable: Any) -> bool:
                    return "scale" in variable.name if by_name else variable is self.scale.value

                def grad(dout: Any, variables: Any) -> Any:
                    theirs = [tf.reduce_sum(dout * x if is_scale(variable) else dout, 0) for variable in variables]
                    return dout * self.scale.value, theirs

                return x * self.scale.value + self.shift.value, grad

            return affine(x)

    if by_name:
        with pytest.raises(UserError, match=r"which have no names. Tell them apart by what they are"):
            check_function(Affine(), tf.constant([X, X[::-1]], tf.float32))
    else:
        assert check_function(Affine(), tf.constant([X, X[::-1]], tf.float32)).ok
