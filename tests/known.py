"""adapters/known_differences.toml: disagreements that are real, recorded with what was measured. Strict both ways."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import adapters
from gradwitness.arithmetic import Array, Measured
from gradwitness.verdict import Disagreement, judge
from tests.matrix import Cell

FILE = Path(adapters.__file__).parent / "known_differences.toml"


@dataclass(frozen=True)
class Difference:
    """One entry: the cells it holds for, why, where it is discussed, and what was measured."""

    adapter: str
    op: str
    case: str
    dtype: tuple[str, ...]
    mode: tuple[str, ...]
    device: tuple[str, ...]
    reason: str
    link: str
    measured: dict[str, Any]

    def holds_for(self, cell: Cell) -> bool:
        """Whether the entry says that this cell differs."""
        return (
            (self.adapter, self.op, self.case) == (cell.adapter, cell.name, cell.case_id)
            and cell.dtype in self.dtype
            and cell.mode in self.mode
            and cell.device in self.device
        )

    def changed(self, evidence: Any, results: Sequence[Array]) -> str:
        """Empty where the results hold, at the element that was measured, the value that the entry records; else
        what differs.
        """
        which, index = evidence.names.index(self.measured["gradient"]), tuple(self.measured["index"])
        recorded = Measured(np.asarray(self.measured["got"], np.longdouble), evidence.measured[which].spread[index])
        try:
            judge(self.measured["gradient"], results[which][index], recorded, results[which].dtype)
        except Disagreement as found:
            return str(found)
        return ""


@cache
def differences() -> tuple[Difference, ...]:
    """All entries of the file."""
    entries = tomllib.loads(FILE.read_text()).get("difference", [])
    lists = ("dtype", "mode", "device")
    return tuple(Difference(**{k: tuple(v) if k in lists else v for k, v in entry.items()}) for entry in entries)


def known(cell: Cell) -> Difference | None:
    """The entry that holds for a cell, if there is one."""
    return next((d for d in differences() if d.holds_for(cell)), None)
