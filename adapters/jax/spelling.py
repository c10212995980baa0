"""Parameters of a flax module: its pytree of variables, by the reference's names and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
from flax import linen

from gradwitness import frameworks

from ..layout import Layout
from ..spelling import Layers, parted, restored, stored

Tree = dict[str, Any]
STATISTICS = {"running_mean": "mean", "running_var": "var"}
"""What linen.BatchNorm keeps, beside its parameters, in the collection batch_stats."""
BATCH_NORM = Layout.renamed(weight="scale", bias="bias", **STATISTICS)
"""Both collections side by side, as a model's parameters and running statistics are."""


@partial(jax.tree_util.register_dataclass, data_fields=["params", "state"], meta_fields=["module", "spelling", "names", "config"])
@dataclass(frozen=True)
class Model:
    """A module with its variables: a pytree, of which a gradient is another one.

    params, state   the collections of variables that are trained, and that are not: {"params": ...}, {"batch_stats": ...}
    names, config   the reference's names of parameters and running statistics, and its configuration
    """

    module: linen.Module
    params: Tree
    state: Tree
    spelling: Spelling
    names: tuple[str, ...]
    config: tuple[tuple[str, Any], ...]

    def __call__(self, x: jax.Array) -> jax.Array:
        """The output in evaluation."""
        return self.module.apply(self.params | self.state, x)

    def loss(self, batch: Mapping[str, Any]) -> tuple[jax.Array, Tree]:
        """The loss as in training, and the state after it."""
        return self.module.apply(self.params | self.state, **batch, method="loss", mutable=list(self.state))


@dataclass(frozen=True)
class Spelling:
    """One model.

    build         (params, **config) -> the module, of the sizes that the reference's parameters have, with a method `loss`
    layers        (names of params, **config) -> where each layer of the reference is; own is the path of its variables, by dots
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
    ) -> Model:
        """The module with the reference's parameters, in their dtype."""
        put = partial(frameworks.load("jax").from_numpy, device=device)
        tensors = {name: put(value) for name, value in {**params, **(state or {})}.items()}
        variables: dict[str, Tree] = {"params": {}, "batch_stats": {}} if state else {"params": {}}
        for own, kept in stored(tensors, self.layers(params, **config)).items():
            for name, value in kept.items():
                collection = "batch_stats" if name in STATISTICS.values() else "params"
                _put(variables[collection], [*own.split("."), name], value)
        trained = {"params": variables.pop("params")}
        return Model(self.build(params, **config), trained, variables, self, tuple(tensors), tuple(config.items()))

    def load(
        self, model: Model, params: Mapping[str, Any], state: Mapping[str, Any] | None = None, *, device: str = "cpu"
    ) -> Model:
        """Another model, with other parameters: this one keeps its own."""
        return self.from_reference(params, state, device=device, **dict(model.config))

    def to_reference(self, model: Model) -> dict[str, Any]:
        """The module's parameters, or in a gradient theirs, under the reference's names and in its layouts."""
        return self._taken(model)[0]

    def state_of(self, model: Model) -> dict[str, Any]:
        """Its running statistics."""
        return self._taken(model)[1]

    def _taken(self, model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
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
