"""adapters/known_differences.toml: disagreements that are real, recorded with what was measured. Strict both ways."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import adapters
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


@cache
def differences() -> tuple[Difference, ...]:
    """All entries of the file."""
    entries = tomllib.loads(FILE.read_text()).get("difference", [])
    lists = ("dtype", "mode", "device")
    return tuple(Difference(**{k: tuple(v) if k in lists else v for k, v in entry.items()}) for entry in entries)


def known(cell: Cell) -> Difference | None:
    """The entry that holds for a cell, if there is one."""
    return next((d for d in differences() if d.holds_for(cell)), None)
