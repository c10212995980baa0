"""The layouts of flax.linen's layers: a module's tree of variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
from flax import linen

from .. import layout

STATISTICS = {"running_mean": "mean", "running_var": "var"}
"""The running statistics that linen.BatchNorm keeps in the collection batch_stats: reference's name -> flax's name."""

Tree = dict[str, Any]


class Layout(layout.Layout):
    """A `Layout` whose layer is a linen.Module and whose names are those of its tree of variables, both collections in one."""

    def run(self, layer: linen.Module, stored: Mapping[str, Any], data: tuple[Any, ...], static: Mapping[str, Any]) -> Any:
        """Compare the stored tree with the one that the module would initialise, and apply the module."""

        def call(module: linen.Module, *arrays: Any) -> Any:
            return self.call(module, *arrays, **static)

        wanted = jax.eval_shape(lambda *arrays: layer.init(jax.random.key(0), *arrays, method=call), *data)
        variables = collections(stored)
        layout.compare_names_and_shapes(type(layer).__name__, _shapes(wanted), _shapes(variables))
        out, _ = layer.apply(variables, *data, method=call, mutable=["batch_stats"])
        return out


def collections(stored: Mapping[str, Any]) -> Tree:
    """What a layer stores, as flax keeps it: the parameters in one collection, running statistics in another."""
    state = {name: value for name, value in stored.items() if name in STATISTICS.values()}
    params = {name: value for name, value in stored.items() if name not in state}
    return {"params": params, "batch_stats": state} if state else {"params": params}


def _shapes(tree: Tree) -> dict[str, tuple[int, ...]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {"/".join(key.key for key in path): leaf.shape for path, leaf in leaves}
