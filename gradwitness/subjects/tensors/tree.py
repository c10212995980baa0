"""Tensors in nested tuples, lists and dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradwitness.subjects.arguments import branches

Path = tuple[Any, ...]


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
    if isinstance(value, Mapping):
        return rebuilt if make is dict else make(rebuilt)
    return make(*rebuilt.values()) if hasattr(value, "_fields") else make(rebuilt.values())


def written(path: Path) -> str:
    """A path as people write it: ("state", "h", 0) is state[h][0]."""
    first, *rest = path
    return f"{first}" + "".join(f"[{key}]" for key in rest)
