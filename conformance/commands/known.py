"""python -m conformance known: what the cells that disagree measure, as entries for conformance/known_differences.toml."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from conformance.commands.entries import Found, Measured, Raised, entries
from conformance.known import known
from conformance.matrix import TABLES, Cell, Selection
from conformance.options import OPTIONS
from conformance.run import RUN, missing
from gradwitness import Disagreement
from gradwitness.frameworks import Unavailable

HELP = "print what the selected cells measure where they disagree, as entries for conformance/known_differences.toml"
HOW = """\
An entry needs three things that no command can know: `reason` (what the framework does, in one sentence), `status` (new,
reported, documented, fixed in X) and `link` (the page that reports or documents it). The head of the file says more.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("known", help=HELP, description=f"{HELP}.", epilog=HOW)
    for option in OPTIONS:
        parser.add_argument(f"--{option}", action="append", default=[], metavar="NAME", help=f"only this {option} (repeatable)")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Run the selected cells, whatever they raise, and print the entries op by op. Raises ValueError for an unknown name."""
    selection = Selection(**{option: getattr(asked, option) for option in OPTIONS}, every_case_compiled=True)
    count: Counter[str] = Counter()
    cells = (cell for kind in TABLES for cell in selection.cells(kind))
    for _, group in groupby(cells, key=lambda cell: (cell.kind, cell.name)):
        found = [measure(cell) for cell in group]
        count.update(one.outcome for one in found)
        for line in _told(found):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    told = ", ".join(f"{number} {outcome}" for outcome, number in count.items()) or "the options select none"
    sys.stdout.write(f"# {count.total()} cells: {told}\n")


def measure(cell: Cell) -> Found:
    """Run one cell. Never raises: what the cell raises is what was found."""
    try:
        if reason := missing(cell):
            return Found(cell, "not run", reason)
        evidence, results = RUN[cell.kind](cell)
        evidence.judge(results)
    except Disagreement as disagreement:
        return Measured(cell, "disagree", disagreement)
    except Unavailable as error:
        return Found(cell, "not run", str(error))
    except Exception as error:  # a cell runs any code of any framework
        return Raised(cell, "raise", f"{type(error).__name__}: {error}", str(error))
    return Found(cell, "agree")


def _told(found: list[Found]) -> Iterator[str]:
    """A comment for each cell that did not agree, and the entries that record them."""
    for one in found:
        if one.outcome != "agree":
            recorded = " (recorded already)" if known(one.cell) else ""
            yield f"# {one.cell}: {one.outcome}{recorded}: {one.message}"
    yield from entries(found)
