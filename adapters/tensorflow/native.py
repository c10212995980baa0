"""A model of the reference as a keras.Model: its variables under the reference's names, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from gradwitness import frameworks

from ..parameters import Layers, parted, restored, stored

PLACES = {"cpu": "/CPU:0", "cuda": "/GPU:0"}


@dataclass(frozen=True)
class NativeModel:
    """One model.

    build         (params, dtype, **config) -> the built model; its sizes are those of the reference's parameters
    layers        (names of params, **config) -> the `Layer` of each layer of the reference; its own is a name or a path of names
    loss          (model, **batch) -> the loss, as in training
    conventions   see `adapters.Model`
    """

    build: Callable[..., keras.Model]
    layers: Callable[..., Layers]
    loss: Callable[..., tf.Tensor]
    conventions: Mapping[str, Any] = field(default_factory=dict)

    def from_reference(
        self,
        params: Mapping[str, Any],
        state: Mapping[str, Any] | None = None,
        *,
        device: str = "cpu",
        **config: Any,
    ) -> keras.Model:
        """The model with the reference's parameters, in their dtype."""
        frameworks.require_device("tensorflow", device, frameworks.load("tensorflow").devices())
        with tf.device(PLACES[device]):
            model = self.build(params, next(iter(params.values())).dtype.name, **config)
        model.native, model.layers_of_reference, model.places = self, self.layers(params, **config), {}
        return self.load(model, params, state, device=device)

    def load(
        self, model: keras.Model, params: Mapping[str, Any], state: Mapping[str, Any] | None = None, *, device: str = "cpu"
    ) -> keras.Model:
        """The same model with other parameters of the same shapes."""
        put = frameworks.load("tensorflow").from_numpy
        tensors = {name: put(value, device) for name, value in {**params, **(state or {})}.items()}
        variables = {v.path: v for v in model.variables}
        with tf.device(PLACES[device]):
            for layer, kept in stored(tensors, model.layers_of_reference).items():
                places = model.places.setdefault(layer, {})
                for name, tensor in kept.items():
                    if name not in places:
                        places[name] = _find(model, layer, name).path
                    variables[places[name]].assign(tensor)
        return model

    def to_reference(self, model: keras.Model) -> dict[str, Any]:
        """The model's parameters under the reference's names and in its layouts."""
        return self._taken(model)[0]

    def state_of(self, model: keras.Model) -> dict[str, Any]:
        """The model's running statistics under the reference's names."""
        return self._taken(model)[1]

    def rename(self, tensors: Mapping[str, tf.Tensor], model: Any) -> dict[str, Any]:
        """Tensors under the paths of the model's variables (values or gradients) -> arrays under the reference's names."""
        take = frameworks.load("tensorflow").to_numpy
        grouped = {
            layer: {name: tensors[path] for name, path in places.items() if path in tensors}
            for layer, places in model.places.items()
        }
        return {name: take(tensor) for name, tensor in restored(grouped, model.layers_of_reference).items()}

    def _taken(self, model: keras.Model) -> tuple[dict[str, Any], dict[str, Any]]:
        return parted(self.rename({v.path: v.value for v in model.variables}, model))


def _find(model: keras.Model, layer: str, name: str) -> keras.Variable:
    """The variable with this name (kernel, query/kernel) in the layer with this name. Keras may put other names around them.

    Raises ValueError where there is not exactly one.
    """
    paths = {v.path: v for v in model.variables if f"/{layer}/" in f"/{v.path}" and v.path.endswith(f"/{name}")}
    if len(paths) != 1:
        raise ValueError(f"{len(paths)} variables for {name} of {layer}; there are {', '.join(v.path for v in model.variables)}")
    return next(iter(paths.values()))
