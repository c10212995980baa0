"""equivalent.toml: which mutants are no wrong gradient, why, and the check that proves it; and why the others survive."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("equivalent.toml")
Check = Literal["same", "kink", "unasked", "another_function", "none"]
IN_FILE = ("same", "kink", "unasked")


@dataclass(frozen=True)
class Entry:
    """Some mutants, why they are excluded, and which check proves it. In ids * stands for any text."""

    ids: tuple[str, ...]
    reason: str
    check: Check

    def names(self, identity: str) -> bool:
        """Whether a mutant is one of them."""
        return any(_pattern(pattern).fullmatch(identity) for pattern in self.ids)

    def idle(self, identities: Iterable[str]) -> list[str]:
        """Patterns that match none of the mutants."""
        left = list(identities)
        return [pattern for pattern in self.ids if not any(_pattern(pattern).fullmatch(identity) for identity in left)]


@cache
def entries(file: Path = FILE) -> tuple[Entry, ...]:
    """The entries of the file. Raises ValueError for an unknown check."""
    found = tuple(Entry(tuple(e["ids"]), e["reason"], e["check"]) for e in tomllib.loads(file.read_text())["equivalent"])
    if unknown := {e.check for e in found} - {*IN_FILE}:
        raise ValueError(f"{file.name}: check {', '.join(sorted(unknown))}; wanted one of {', '.join(IN_FILE)}")
    return found


@cache
def survivors(file: Path = FILE) -> tuple[Entry, ...]:
    """The entries that explain why a wrong gradient survives. Such mutants count as survivors."""
    return tuple(Entry(tuple(e["ids"]), e["reason"], "none") for e in tomllib.loads(file.read_text()).get("survivor", []))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")))
