"""The options of the matrix: which cells and tests are run."""

from __future__ import annotations

import pytest

from conformance.matrix import Selection
from conformance.progress import EVERY

OPTIONS = ("adapter", "op", "dtype", "device", "mode")
HELP = {
    "adapter": "run the tests of this adapter only: a test that concerns no asked adapter is deselected",
    "op": "run the tests of this op, model, optimizer or training run only: a test that concerns no asked op is deselected",
    "dtype": "run the cells of this dtype only",
    "device": "run the cells of this device only",
    "mode": "run the cells of this mode only (eager or a compiler)",
}
SELECTION = pytest.StashKey[Selection]()


def add(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup(
        "gradwitness",
        "the matrix: case x adapter x dtype x device x mode. The first five options can be repeated; "
        "`python -m conformance list` shows their names",
    )
    for option in OPTIONS:
        group.addoption(f"--{option}", action="append", default=[], metavar="NAME", help=HELP[option])
    group.addoption(
        "--every-case-compiled",
        action="store_true",
        help="run ops in compiled modes on every case, instead of the generic case alone (three times as many cells)",
    )
    group.addoption(
        "--quick",
        action="store_true",
        help="run a choice of cells: every op, model and optimizer in every framework and both dtypes, in minutes",
    )
    group.addoption("--all", action="store_false", dest="quick", help="run every cell, also after --quick: the default")
    group.addoption(
        "--require-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="fail where this framework is missing or broken, instead of skipping its cells (repeatable)",
    )
    group.addoption(
        "--progress-every",
        type=float,
        default=EVERY,
        metavar="SECONDS",
        help="without a terminal, say this often how many cells are done and how long the rest will take (default: %(default)g; "
        "0 for never)",
    )


def read(config: pytest.Config) -> Selection:
    """What the options ask for. Raises UsageError for an unknown name."""
    try:
        return Selection(
            **{option: config.getoption(option) for option in OPTIONS},
            required=config.getoption("require_adapter"),
            every_case_compiled=config.getoption("every_case_compiled"),
            quick=config.getoption("quick"),
        )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
