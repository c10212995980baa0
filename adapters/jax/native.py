"""A model of the reference as a flax module: its pytree of variables under the reference's names, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
from flax import linen

from gradwitness import frameworks

from ..parameters import Layers, parted, restored, stored
from .layout import STATISTICS, Tree


@partial(jax.tree_util.register_dataclass, data_fields=["params", "state"], meta_fields=["module", "native", "names", "config"])
@dataclass(frozen=True)
class BoundModel:
    """A module together with its variables. It is a pytree, and so is its gradient.

    params, state   the trained variables and the others, by collection: {"params": ...}, {"batch_stats": ...}
    names, config   the reference's names of parameters and running statistics, and its configuration
    """

    module: linen.Module
    params: Tree
    state: Tree
    native: NativeModel
    names: tuple[str, ...]
    config: tuple[tuple[str, Any], ...]

    def __call__(self, x: jax.Array) -> jax.Array:
        """The output in evaluation."""
        return self.module.apply(self.params | self.state, x)

    def loss(self, batch: Mapping[str, Any]) -> tuple[jax.Array, Tree]:
        """The loss as in training, and the state after it."""
        return self.module.apply(self.params | self.state, **batch, method="loss", mutable=list(self.state))


@dataclass(frozen=True)
class NativeModel:
    """One model.

    build         (params, **config) -> the module with a method `loss`; its sizes are those of the reference's parameters
    layers        (names of params, **config) -> the `Layer` of each layer of the reference; own is a dotted path
    conventions   see `adapters.Model`
    """

    build: Callable[..., linen.Module]
    layers: Callable[..., Layers]
    conventions: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def from_reference(
        self,
        params: Mapping[str, Any],
        state: Mapping[str, Any] | None = None,
        *,
        device: str = "cpu",
        **config: Any,
    ) -> BoundModel:
        """The module with the reference's parameters, in their dtype."""
        put = partial(frameworks.load("jax").from_numpy, device=device)
        tensors = {name: put(value) for name, value in {**params, **(state or {})}.items()}
        variables: dict[str, Tree] = {"params": {}, "batch_stats": {}} if state else {"params": {}}
        for own, kept in stored(tensors, self.layers(params, **config)).items():
            for name, value in kept.items():
                collection = "batch_stats" if name in STATISTICS.values() else "params"
                _put(variables[collection], [*own.split("."), name], value)
        trained = {"params": variables.pop("params")}
        return BoundModel(self.build(params, **config), trained, variables, self, tuple(tensors), tuple(config.items()))

    def load(
        self, model: BoundModel, params: Mapping[str, Any], state: Mapping[str, Any] | None = None, *, device: str = "cpu"
    ) -> BoundModel:
        """Another model with other parameters; the given model keeps its own."""
        return self.from_reference(params, state, device=device, **dict(model.config))

    def to_reference(self, model: BoundModel) -> dict[str, Any]:
        """The parameters, or a gradient of the same structure, under the reference's names and in its layouts."""
        return self._taken(model)[0]

    def state_of(self, model: BoundModel) -> dict[str, Any]:
        """The running statistics under the reference's names."""
        return self._taken(model)[1]

    def _taken(self, model: BoundModel) -> tuple[dict[str, Any], dict[str, Any]]:
        take = frameworks.load("jax").to_numpy
        layers = self.layers(model.names, **dict(model.config))
        paths = {layer.own or name: (layer.own or name).split(".") for name, layer in layers.items()}
        collections = (*model.params.values(), *model.state.values())
        kept = {own: {k: v for tree in collections for k, v in _get(tree, path).items()} for own, path in paths.items()}
        return parted({name: take(tensor) for name, tensor in restored(kept, layers).items()})


def _put(tree: Tree, path: list[str], value: Any) -> None:
    *way, last = path
    for step in way:
        tree = tree.setdefault(step, {})
    tree[last] = value


def _get(tree: Tree, path: list[str]) -> Tree:
    for step in path:
        tree = tree.get(step, {})
    return tree
