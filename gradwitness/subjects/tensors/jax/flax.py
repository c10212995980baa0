"""Modules of flax.nnx, which hold their parameters: each call runs on a copy that has other values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from flax import nnx


def is_module(function: Any) -> bool:
    """Whether it is a module of nnx."""
    return isinstance(function, nnx.Module)


def parameters(module: Any) -> dict[str, Any]:
    """The arrays that are trained, by their paths: "layers.0.kernel"."""
    return dict(_flat(nnx.to_pure_dict(nnx.state(module, nnx.Param))))


def on(module: Any, values: Mapping[str, Any], rounded: Callable[[Any], Any]) -> Any:
    """A copy of the module with other parameters; all else that it holds is rounded. Recurrent cells make a carry in the
    dtype that they think their parameters have.
    """
    graph, state = nnx.split(module)
    pure = nnx.to_pure_dict(state)
    nnx.replace_by_pure_dict(state, _replaced(pure, values, rounded))
    copy = nnx.merge(graph, state)
    for _, inner in nnx.iter_modules(copy):
        if getattr(inner, "param_dtype", None) is not None and getattr(inner, "dtype", None) is None:  # else it computes in that
            inner.param_dtype = rounded(jnp.zeros((), inner.param_dtype)).dtype
    return copy


def _flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, Mapping):
        yield path, tree
        return
    for key, branch in tree.items():
        yield from _flat(branch, f"{path}.{key}" if path else str(key))


def _replaced(tree: Any, values: Mapping[str, Any], rounded: Callable[[Any], Any], path: str = "") -> Any:
    if not isinstance(tree, Mapping):
        return values[path] if path in values else rounded(tree)
    return {key: _replaced(branch, values, rounded, f"{path}.{key}" if path else str(key)) for key, branch in tree.items()}
