"""Which functions an op runs, found from the names in their code: where a mistake can be planted, and which ops would notice.

A *room* is the prefix of the modules that count, such as "reference.".
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache, partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

DOOR = ("require", "check")
"""Functions whose names begin so check arguments and compute nothing."""
EXAMINERS = 4
"""How many ops, models or optimizers examine a function at most, the nearest first. More could only kill more."""
FOR_SPEED = ("pieces",)
"""Functions that cut arrays into pieces that fit the processor's cache: a mistake there is slow, or fails on every case."""


def examined(roots: Mapping[str, tuple[Any, ...]], room: str) -> dict[FunctionType, tuple[str, ...]]:
    """Every function of a room that the roots run -> the names of those roots; the root in whose own file it is comes first."""
    users: dict[FunctionType, list[str]] = {}
    for name, functions in roots.items():
        for function in sorted(reached(functions, room), key=lambda f: (f.__module__, f.__code__.co_firstlineno)):
            users.setdefault(function, []).append(name)

    def distance(function: FunctionType, name: str) -> bool:
        return function.__module__.rsplit(".", 1)[-1] != name

    return {f: tuple(sorted(names, key=partial(distance, f)))[:EXAMINERS] for f, names in users.items()}


def methods(package: str, model: str) -> Iterator[FunctionType]:
    """The methods of an adapter's model classes that compute."""
    for value in vars(importlib.import_module(f"{package}.{model}")).values():
        if inspect.isclass(value) and value.__module__.startswith(package):
            for name in ("forward", "call", "__call__", "loss"):
                if name in vars(value):
                    yield inspect.unwrap(vars(value)[name])


def reached(functions: tuple[Any, ...], room: str) -> set[FunctionType]:
    """The functions of a room that some functions run, including themselves, without checks of arguments."""
    found: set[FunctionType] = set()
    waiting = [f for f in map(_plain, functions) if f is not None]
    while waiting:
        function = waiting.pop()
        spared = function.__name__.lstrip("_").startswith(DOOR) or function.__name__ in FOR_SPEED
        if function in found or spared or not function.__module__.startswith(room):
            continue
        found.add(function)
        waiting.extend(_called(function, room))
    return found


@cache
def _called(function: FunctionType, room: str) -> tuple[FunctionType, ...]:
    """The functions of a room that a function names: directly, or in a module or table that it names."""
    names = set(_names(function.__code__))
    held = [function.__globals__[name] for name in names if name in function.__globals__]
    for value in list(held):
        if isinstance(value, ModuleType) and value.__name__.startswith(room):
            held.extend(v for k, v in vars(value).items() if k in names)
        elif isinstance(value, dict):
            held.extend(v for v in value.values() if not isinstance(v, ModuleType))
            held.extend(v for m in value.values() if isinstance(m, ModuleType) for k, v in vars(m).items() if k in names)
    return tuple(f for f in map(_plain, held) if f is not None)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _plain(value: Any) -> FunctionType | None:
    while isinstance(value, partial):
        value = value.func
    return value if isinstance(value, FunctionType) else None


@cache
def remembering(room: str) -> tuple[Any, ...]:
    """The functions of a room that cache what they return."""
    modules = [module for name, module in sys.modules.items() if name.startswith(room)]
    return tuple({id(v): v for module in modules for v in vars(module).values() if hasattr(v, "cache_clear")}.values())
