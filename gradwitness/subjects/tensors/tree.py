"""Tensors in nested tuples, lists, dicts, dataclasses, and objects that are registered as pytrees of JAX."""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gradwitness.subjects import arguments

Path = tuple[Any, ...]


def branches(value: Any) -> Iterator[tuple[Any, Any]]:
    """The entries of a tuple, list or dict with their keys, the fields of a dataclass, the children of a registered object."""
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Mapping, tuple, list)):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if hasattr(value, field.name))
    elif (registered := _registered(value)) is not None:
        yield from registered[0]
    else:
        yield from arguments.branches(value)


def _registered(value: Any) -> tuple[list[tuple[Any, Any]], Callable[[Sequence[Any]], Any]] | None:
    """The children of an object that JAX was told to take apart, and what puts others together; None for anything else."""
    jax = sys.modules.get("jax")
    if jax is None or value is None or isinstance(value, (tuple, list, dict)):
        return None
    found, structure = jax.tree_util.tree_flatten_with_path(value, is_leaf=lambda each: each is not value)
    children = [(_key(*path), child) for path, child in found if path]
    return (children, structure.unflatten) if children else None


def _key(entry: Any) -> Any:
    """How a child is called."""
    return next(getattr(entry, name) for name in ("key", "name", "idx") if hasattr(entry, name))


def tensors(value: Any, holds: Callable[[Any], bool], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every tensor with its path."""
    if holds(value):
        yield path, value
    else:
        for key, branch in branches(value):
            yield from tensors(branch, holds, (*path, key))


def replaced(value: Any, new: Mapping[Path, Any]) -> Any:
    """The same structure with other values at some paths."""
    if not new:
        return value
    if () in new:
        return new[()]
    inside: dict[Any, dict[Path, Any]] = {}
    for (key, *rest), other in new.items():
        inside.setdefault(key, {})[tuple(rest)] = other
    make: Callable[..., Any] = type(value)
    rebuilt = {key: replaced(branch, inside.get(key, {})) for key, branch in branches(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, (Mapping, tuple, list)):
        other = copy.copy(value)
        for name, branch in rebuilt.items():
            object.__setattr__(other, name, branch)  # a frozen one, too
        return other
    if (registered := _registered(value)) is not None:
        return registered[1](list(rebuilt.values()))
    if isinstance(value, Mapping):
        return rebuilt if make is dict else make(rebuilt)
    return make(*rebuilt.values()) if hasattr(value, "_fields") else make(rebuilt.values())


def written(path: Path) -> str:
    """A path as people write it: ("state", "h", 0) is state[h][0]."""
    first, *rest = path
    return f"{first}" + "".join(f"[{key}]" for key in rest)
