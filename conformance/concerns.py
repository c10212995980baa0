"""Which ops and adapters a test concerns, read from its parameters. `--op` and `--adapter` select tests by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

import adapters
from conformance.matrix import TABLES, Cell, Selection
from conformance.recipes import Recipe
from reference import Op, Optimizer

OPS_BY_NAME = {name for table in TABLES.values() for name in table}
NAMING = {"op", "name", "subject", "model", "optimizer", "recipe", "rule"}
"""Parameters whose string is the name of an op, model, optimizer or training run. A string elsewhere only looks like one."""
NAMING_ADAPTERS = {"adapter", "name", "framework"}
NONE_SELECTED = "none-selected"
"""The id of a test of cells for which the options leave no cell."""
LEFT_OUT = pytest.StashKey[int]()
"""How many tests the options have deselected."""


@dataclass
class Concerns:
    """What a test is about; empty where it is about no op, or no adapter, in particular."""

    ops: set[str] = field(default_factory=set)
    adapters: set[str] = field(default_factory=set)


def concerns(params: Mapping[str, Any]) -> Concerns:
    """The ops and adapters in the parameters of a test: cells, ops, optimizers, recipes, recorded differences, and names."""
    found = Concerns()
    for parameter, value in params.items():
        if isinstance(value, (Op, Optimizer)):
            found.ops.add(value.name)
        elif isinstance(value, Recipe):
            found.ops.add(value.model)
        elif isinstance(value, Cell):
            found.ops.add(value.name)
            found.adapters.add(value.adapter)
        elif isinstance(value, str):
            found.ops |= {value} & OPS_BY_NAME if parameter in NAMING else set()
            found.adapters |= {value} & set(adapters.NAMES) if parameter in NAMING_ADAPTERS else set()
        else:  # a record: of a known difference, or of copied settings
            found.ops |= OPS_BY_NAME & {getattr(value, own, None) for own in ("op", "optimizer")}
            found.adapters |= set(adapters.NAMES) & {getattr(value, "adapter", None)}
    return found


def wanted(about: Concerns, selection: Selection) -> bool:
    """Whether a test concerns one of the ops that are asked for and one of the adapters. Nothing asked for is everything."""
    ops = not selection.op or bool(about.ops & set(selection.op))
    return ops and (not selection.adapter or bool(about.adapters & set(selection.adapter)))


def select(config: pytest.Config, items: list[pytest.Item], selection: Selection) -> None:
    """Deselect the tests that the options do not ask for."""
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        (kept if _runs(config, item, selection) else left).append(item)
    config.stash[LEFT_OUT] = len(left)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _runs(config: pytest.Config, item: pytest.Item, selection: Selection) -> bool:
    if item.name.endswith(f"[{NONE_SELECTED}]"):
        return False
    testpaths = [config.rootpath / path for path in config.getini("testpaths")]
    if testpaths and not any(item.path.is_relative_to(path) for path in testpaths):
        return True  # benchmarks choose by their own plan, which reads the same options
    callspec = getattr(item, "callspec", None)
    return wanted(concerns(callspec.params if callspec else {}), selection)
