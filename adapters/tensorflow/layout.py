"""The layouts of Keras's layers: a built layer's weights, named by their paths within the layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
from tensorflow import Tensor

from .. import layout


class Layout(layout.Layout):
    """A `Layout` whose layer is a Keras layer and whose names are the paths of its weights: kernel, lstm_cell/kernel."""

    def evaluate(self, params: Mapping[str, Any], *data: Any, **static: Any) -> Any:
        """As the base class says; the layer is built in the dtype of params."""
        with _floatx(next(iter(params.values())).dtype.name):
            return super().evaluate(params, *data, **static)

    def run(self, layer: keras.Layer, stored: Mapping[str, Tensor], data: tuple[Any, ...], static: Mapping[str, Any]) -> Any:
        """Build the layer by a first call, assign every weight, and call it."""
        self.call(layer, *data, **static)
        weights = {weight.path.removeprefix(f"{layer.name}/"): weight for weight in layer.weights}
        shapes = ({name: tuple(array.shape) for name, array in arrays.items()} for arrays in (weights, stored))
        layout.compare_names_and_shapes(type(layer).__name__, *shapes)
        for name, weight in weights.items():
            weight.assign(stored[name])
        return self.call(layer, *data, **static)


@contextmanager
def _floatx(dtype: str) -> Iterator[None]:
    """Keras's default dtype, within the block. The policy is set as well: once it is made, it does not follow floatx."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
