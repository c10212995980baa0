"""Tensors in nested tuples, lists, dicts and dataclasses."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradwitness.subjects import arguments

Path = tuple[Any, ...]


def branches(value: Any) -> Iterator[tuple[Any, Any]]:
    """The entries of a tuple, list or dict with their keys, the fields of a dataclass; none for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Mapping, tuple, list)):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if hasattr(value, field.name))
    else:
        yield from arguments.branches(value)


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
    if isinstance(value, Mapping):
        return rebuilt if make is dict else make(rebuilt)
    return make(*rebuilt.values()) if hasattr(value, "_fields") else make(rebuilt.values())


def written(path: Path) -> str:
    """A path as people write it: ("state", "h", 0) is state[h][0]."""
    first, *rest = path
    return f"{first}" + "".join(f"[{key}]" for key in rest)
