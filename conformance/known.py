"""conformance/known_differences.toml: disagreements that are real, and limits of accuracy, recorded with what was measured.
Strict both ways.

    python -m conformance known --adapter tensorflow --op leaky_relu

prints what the cells that disagree measure, in the form that the file wants.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.matrix import Cell
from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import Disagreement, judge

FILE = Path(__file__).with_name("known_differences.toml")


@dataclass(frozen=True)
class Difference:
    """One entry: the cells it holds for, why, where it is discussed, and what was measured, by case and dtype."""

    adapter: str
    op: str
    case: tuple[str, ...]
    dtype: tuple[str, ...]
    mode: tuple[str, ...]
    device: tuple[str, ...]
    reason: str
    link: str
    measured: dict[str, dict[str, dict[str, Any]]]

    def holds_for(self: Any, cell: Cell) -> bool:
        """Whether the entry says that this cell differs."""
        return (
            (self.adapter, self.op) == (cell.adapter, cell.name)
            and cell.case_id in self.case
            and cell.dtype in self.dtype
            and cell.mode in self.mode
            and cell.device in self.device
        )

    def wanted(self: Any, cell: Cell) -> bool:
        """Every cell that a difference names must differ."""
        return self.holds_for(cell)

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """Empty where the results hold, at the element that was measured, the value that the entry records; else what differs."""
        return _changed(self.measured[cell.case_id][cell.dtype], evidence, results)


@dataclass(frozen=True)
class Unsupported:
    """Cells that a framework cannot run, why, and a pattern of what it says."""

    adapter: str
    op: str
    case: tuple[str, ...]
    dtype: tuple[str, ...]
    mode: tuple[str, ...]
    device: tuple[str, ...]
    raises: str
    reason: str
    link: str

    holds_for = Difference.holds_for
    wanted = Difference.wanted

    def expects(self, error: Exception) -> bool:
        """Whether this is what the framework was recorded to say."""
        return re.search(self.raises, str(error)) is not None

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """It ran, which is change enough."""
        return f"{cell} is recorded as one that cannot be run; it gave {len(results)} arrays, for {', '.join(evidence.names)}"


@dataclass(frozen=True)
class Accuracy:
    """A framework's elementary function that is right, and less accurate than rounding: how far off it was measured to be.

    worst   by dtype, the case and element furthest off: the ratio there is what every case of the op is allowed
    """

    adapter: str
    op: str
    mode: tuple[str, ...]
    device: tuple[str, ...]
    reason: str
    link: str
    worst: dict[str, dict[str, Any]]

    def holds_for(self, cell: Cell) -> bool:
        """Whether the entry speaks of this cell; it need not be beyond the allowance, unless it is the worst one."""
        return (
            (self.adapter, self.op) == (cell.adapter, cell.name)
            and cell.dtype in self.worst
            and cell.mode in self.mode
            and cell.device in self.device
        )

    def wanted(self, cell: Cell) -> bool:
        """Whether this is the cell in which the limit was measured, which must still be beyond the allowance."""
        return bool(self.worst[cell.dtype]["case"] == cell.case_id)

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """Empty where no result is further off than was measured; else what is."""
        worst = self.worst[cell.dtype]
        distances = evidence.distances(results)
        name = max(distances, key=distances.__getitem__)
        if distances[name] > worst["ratio"]:
            return f"{name} is off by {distances[name]:.4g} units of rounding spread; {worst['ratio']:g} were measured at worst"
        return _changed(worst, evidence, results) if self.wanted(cell) else ""


def _changed(then: dict[str, Any], evidence: Any, results: Sequence[Array]) -> str:
    which, index = evidence.names.index(then["gradient"]), tuple(then["index"])
    recorded = Measured(np.asarray(then["got"], np.longdouble), evidence.measured[which].spread[index])
    try:
        judge(then["gradient"], results[which][index], recorded, results[which].dtype)
    except Disagreement as found:
        return str(found)
    return ""


@cache
def differences() -> tuple[Difference, ...]:
    """All differences of the file."""
    return _entries("difference", Difference)


@cache
def accuracies() -> tuple[Accuracy, ...]:
    """All accuracy limits of the file."""
    return _entries("accuracy", Accuracy)


@cache
def unsupported() -> tuple[Unsupported, ...]:
    """All cells of the file that cannot be run."""
    return _entries("unsupported", Unsupported)


def _entries(table: str, kind: type[Any]) -> tuple[Any, ...]:
    lists = ("case", "dtype", "mode", "device")
    entries = tomllib.loads(FILE.read_text()).get(table, [])
    return tuple(kind(**{k: tuple(v) if k in lists else v for k, v in entry.items()}) for entry in entries)


def known(cell: Cell) -> Difference | Accuracy | Unsupported | None:
    """The entry that holds for a cell, if there is one."""
    return next((entry for entry in (*differences(), *accuracies(), *unsupported()) if entry.holds_for(cell)), None)
