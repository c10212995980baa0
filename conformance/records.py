"""The entries of conformance/known_differences.toml: a difference, a limit of accuracy, a cell that cannot be run, a second
derivative.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.matrix import Cell
from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import Disagreement, judge


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every entry says.

    adapter, op, mode, device   the cells that it holds for
    reason   what the framework does, in one sentence
    status   "new", "reported", "documented" or "fixed in VERSION"
    link     the page that reports it, documents it or announces the fix; empty for what is new
    source   where the framework's code or history shows it; may be empty
    """

    adapter: str
    op: str
    mode: tuple[str, ...]
    device: tuple[str, ...]
    reason: str
    status: str
    link: str = ""
    source: str = ""

    def concerns(self, cell: Cell) -> bool:
        """Whether adapter, op, mode and device are those of the cell."""
        same = (self.adapter, self.op) == (cell.adapter, cell.name)
        return same and cell.mode in self.mode and cell.device in self.device


@dataclass(frozen=True, kw_only=True)
class Difference(Record):
    """Another function or gradient. measured: by case and dtype, the element furthest off and its value."""

    case: tuple[str, ...]
    dtype: tuple[str, ...]
    measured: dict[str, dict[str, dict[str, Any]]]

    def holds_for(self, cell: Cell) -> bool:
        """Whether the entry says that this cell differs."""
        return self.concerns(cell) and cell.case_id in self.case and cell.dtype in self.dtype

    def wanted(self, cell: Cell) -> bool:
        """Every cell that a difference names must differ."""
        return self.holds_for(cell)

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """Empty where the element that was measured still has the value that the entry records; else what differs."""
        return changed(self.measured[cell.case_id][cell.dtype], evidence, results)


@dataclass(frozen=True, kw_only=True)
class Unsupported(Record):
    """Cells that a framework cannot run. raises: a regular expression that its message matches."""

    case: tuple[str, ...]
    dtype: tuple[str, ...]
    raises: str

    def holds_for(self, cell: Cell) -> bool:
        """Whether the entry says that this cell cannot be run."""
        return self.concerns(cell) and cell.case_id in self.case and cell.dtype in self.dtype

    def wanted(self, cell: Cell) -> bool:
        """Every cell that the entry names must raise."""
        return self.holds_for(cell)

    def expects(self, error: Exception) -> bool:
        """Whether this is what the framework was recorded to say."""
        return re.search(self.raises, str(error)) is not None

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """The cell ran, which is a change."""
        return f"{cell} is recorded as one that cannot be run; it gave {len(results)} arrays, for {', '.join(evidence.names)}"


@dataclass(frozen=True, kw_only=True)
class Accuracy(Record):
    """A framework's elementary function that is right, and less accurate than rounding.

    worst   by dtype, the case and element furthest off: the ratio there is what every case of the op is allowed
    """

    worst: dict[str, dict[str, Any]]

    def holds_for(self, cell: Cell) -> bool:
        """Whether the entry allows this cell more; only the worst cell must need it."""
        return self.concerns(cell) and cell.dtype in self.worst

    def wanted(self, cell: Cell) -> bool:
        """Whether the limit was measured in this cell, which must still be beyond the usual allowance."""
        return bool(self.worst[cell.dtype]["case"] == cell.case_id)

    def changed(self, cell: Cell, evidence: Any, results: Sequence[Array]) -> str:
        """Empty where no result is further off than was measured; else what is."""
        worst = self.worst[cell.dtype]
        distances = evidence.distances(results)
        name = max(distances, key=distances.__getitem__)
        if distances[name] > worst["ratio"]:
            return f"{name} is off by {distances[name]:.4g} units of rounding spread; {worst['ratio']:g} were measured at worst"
        return changed(worst, evidence, results) if self.wanted(cell) else ""


@dataclass(frozen=True, kw_only=True)
class Second(Record):
    """A second derivative, or forward mode, that is wrong at the generic case of an op, in float64.

    about        "order 2: dx", "forward mode"
    index        the element furthest off; got, truth: its value, and what differences of the gradient give
    """

    about: str
    index: tuple[int, ...]
    got: float
    truth: float


def changed(recorded: dict[str, Any], evidence: Any, results: Sequence[Array]) -> str:
    """Empty where an element still has the recorded value, up to rounding; else what differs."""
    which, index = evidence.names.index(recorded["gradient"]), tuple(recorded["index"])
    value = Measured(np.asarray(recorded["got"], np.longdouble), evidence.measured[which].spread[index])
    try:
        judge(recorded["gradient"], results[which][index], value, results[which].dtype)
    except Disagreement as disagreement:
        return str(disagreement)
    return ""
