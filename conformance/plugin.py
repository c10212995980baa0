"""pytest: the matrix's options, its cells as parameters, the verdict on a cell, progress, and the table at the end of a run."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import concerns, known, options, scheduling
from conformance.closing import Closing
from conformance.extras import require
from conformance.options import SELECTION
from conformance.progress import Progress
from conformance.size import Size
from conformance.verify import verify

__all__ = ["verify"]

KINDS = {"op_cell": "op", "model_cell": "model", "optimizer_cell": "optimizer", "training_cell": "training"}
"""The argument of a test -> the kind of cells that it is run for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SELECTION] = options.read(config)
    config.pluginmanager.register(Closing(config), "gradwitness-closing")
    config.pluginmanager.register(Size(config), "gradwitness-size")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(Progress(config), "gradwitness-progress")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, kind in KINDS.items():
        if argument in metafunc.fixturenames:
            cells = list(metafunc.config.stash[SELECTION].cells(kind))  # type: ignore[arg-type]
            metafunc.parametrize(argument, cells or [None], ids=[str(cell) for cell in cells] or [concerns.NONE_SELECTED])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    concerns.select(config, items, config.stash[SELECTION])
    if any(argument in getattr(item, "fixturenames", ()) for item in items for argument in KINDS):
        _prepare_cells()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduling.op_by_op(config, log) if config.getoption("dist") == "load" else None


def _prepare_cells() -> None:
    """A run with cells needs the known differences, and ends with a table.

    Raises UsageError, before the first test, where an entry is malformed or the table cannot be printed.
    """
    try:
        require("test", "rich", by="The table of the matrix")
        for read in (known.differences, known.accuracies, known.unsupported):
            read()
    except (SystemExit, ValueError) as error:
        raise pytest.UsageError(str(error)) from error
