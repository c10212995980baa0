"""A module of flax.linen as code: its class and its fields."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any


def module_of(function: Any) -> Any:
    """The module that is called, by itself or by its `apply`; None for another function."""
    linen = sys.modules.get("flax.linen")
    owner = getattr(function, "__self__", None) if getattr(function, "__name__", "") == "apply" else function
    return owner if linen is not None and isinstance(owner, linen.Module) else None


def made(module: Any, define: Callable[[type], str], written: Callable[[Any], str]) -> str:
    """How it is made.

    define    gives the name of a class of the user's, whose source is needed
    written   a field as code. Raises what it raises for one that is none
    """
    own = type(module)
    name = f"flax.linen.{own.__name__}" if own.__module__.startswith("flax.linen") else define(own)
    fields = {
        field.name: getattr(module, field.name)
        for field in dataclasses.fields(module)
        if field.init and field.name not in ("parent", "name") and not _is_default(field, getattr(module, field.name))
    }

    def code(value: Any) -> str:
        if type(value) in (list, tuple) and any(module_of(inner) is inner for inner in value):
            inner = "".join(f"{code(each)}, " for each in value)
            return f"[{inner[:-2]}]" if type(value) is list else f"({inner})"
        return made(value, define, written) if module_of(value) is value else written(value)

    each = [f"{key}={code(value)}" for key, value in fields.items()]
    return f"{name}({', '.join(each)})"


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    """Whether a field has its default, or does not matter: how parameters begin, which are given."""
    same = value is field.default or (isinstance(value, (int, float, str)) and value == field.default)
    return same or field.name.endswith("_init")
