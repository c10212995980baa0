"""What the examination found, by kind of mistake; told on a console, and kept as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from trust.mutants import Mutant
from trust.records import ROOM, Records

SUMMARY = ROOM / "results" / "mutants.json"
DEAD = ("killed", "refused", "raised")
WITNESSES = ("oracle", "frameworks")


def report(mutants: Sequence[Mutant], records: Records, console: Console, *, whole: bool) -> int:
    """Print the table and the survivors; write the summary if the corpus is the whole one. Returns the exit status."""
    c = Counter((by, (records.of(m) or {}).get(by, {}).get("verdict")) for m in mutants for by in WITNESSES)
    console.print(c)
    return 0
