"""Entries for conformance/known_differences.toml from what cells measured."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from conformance.matrix import Cell
from gradwitness import Disagreement

REASON = 'reason = ""  # what the framework does, in one sentence\n'
STATUS = 'status = "new"  # or "reported", "documented", "fixed in X", with the link that says so\nlink = ""\n'


@dataclass(frozen=True)
class Found:
    """What became of a cell: it agrees, could not be run, or one of the two below."""

    cell: Cell
    outcome: Literal["agree", "disagree", "raise", "not run"]
    told: Any = ""

    @property
    def message(self) -> str:
        """The first line of what is told, in characters that a comment may hold."""
        line = next(iter(str(self.told).splitlines()), "")
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)


@dataclass(frozen=True)
class Measured(Found):
    """A cell whose results disagree. `told` is the disagreement."""

    told: Disagreement

    @property
    def measured(self) -> str | None:
        """The line of an entry; None where no number was compared, because dtype or shape is wrong."""
        if self.told.reason:
            return None
        what = f'gradient = "{self.told.gradient}", index = {list(self.told.index)}, got = {float(self.told.actual)!r}'
        return f"{{ {what}, truth = {float(self.told.low)!r}, ratio = {self.told.ratio:.3g} }}"


@dataclass(frozen=True)
class Raised(Found):
    """A cell that raises. `told` is the exception with its type, `raises` what an entry has to match."""

    raises: str = ""


def entries(found: Sequence[Found]) -> Iterator[str]:
    """The entries that record cells of one op: as few as can hold them."""
    measured = {one.cell: one.measured for one in found if isinstance(one, Measured) and one.measured}
    for block in _blocks(measured):
        lines = [f"measured.{case}.{dtype} = {value}\n" for (case, dtype), value in block.values.items()]
        yield f"{_head('difference', block)}{REASON}{STATUS}{''.join(lines)}"
    raised = {one.cell: _pattern(one.raises) for one in found if isinstance(one, Raised)}
    for pattern in dict.fromkeys(raised.values()):
        for block in _blocks({cell: other for cell, other in raised.items() if other == pattern}):
            yield f"{_head('unsupported', block)}raises = {_string(pattern)}  # a regular expression\n{REASON}{STATUS}"


@dataclass
class _Block:
    """Cells that one entry can hold: every case in every dtype, mode and device."""

    adapter: str
    op: str
    case: Sequence[str]
    dtype: Sequence[str]
    mode: Sequence[str]
    device: Sequence[str]
    values: dict[tuple[str, str], str]


def _blocks(values: Mapping[Cell, str]) -> Iterator[_Block]:
    """Modes with the same values share a block, and so do dtypes with the same cases."""
    of_mode: dict[tuple[str, str, str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for cell, value in values.items():
        of_mode[cell.adapter, cell.name, cell.device, cell.mode][cell.case_id, cell.dtype] = value
    modes: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for (adapter, op, device, mode), measured in of_mode.items():
        modes[adapter, op, device, tuple(measured.items())].append(mode)
    for (adapter, op, device, measured_items), shared in modes.items():
        cases: dict[str, list[str]] = defaultdict(list)
        for (case, dtype), _ in measured_items:
            cases[dtype].append(case)
        dtypes: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for dtype, listed in cases.items():
            dtypes[tuple(listed)].append(dtype)
        for listed_cases, together in dtypes.items():
            kept = {(case, dtype): dict(measured_items)[case, dtype] for case in listed_cases for dtype in together}
            yield _Block(adapter, op, listed_cases, together, shared, [device], kept)


def _pattern(text: str) -> str:
    """A regular expression for the first line of a message."""
    return re.escape(next(iter(text.splitlines()), "")).replace("\\ ", " ")


def _head(table: str, block: _Block) -> str:
    lists = "".join(f"{key} = [{', '.join(map(_string, getattr(block, key)))}]\n" for key in ("case", "dtype", "mode", "device"))
    return f"\n[[{table}]]\nadapter = {_string(block.adapter)}\nop = {_string(block.op)}\n{lists}"


def _string(text: str) -> str:
    """A basic string of TOML: JSON's, but for the one control character that TOML escapes and JSON does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
