"""The journal of the soak, and which blocks of seeds are still to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from trust.journal import Journal
from trust.places import FOLDER
from trust.soak.examination import cases
from trust.soak.results import Block, Tally

RECORD = FOLDER / "soak.jsonl"
EDGES = (0, 5, 50, 200, 500)
"""Blocks end at these seeds, and at every 500 after them. A short soak covers all cases evenly; a long one compiles seldom."""
Place = tuple[str, str, str, str, str, int]
"""Kind, name, case, dtype, adapter and first seed of a tally."""


def spans(seeds: int) -> list[tuple[int, int]]:
    """The blocks of the seeds 0, ..., seeds - 1: the first of each, and the first after it."""
    edges = [edge for edge in (*EDGES, *range(EDGES[-1] + 500, seeds, 500)) if edge < seeds]
    return list(pairwise([*edges, seeds]))


class Record:
    """A journal of what was run: a tally for each adapter and block."""

    def __init__(self, file: Path = RECORD) -> None:
        self.journal = Journal(file, itemgetter("kind", "name", "case_id", "dtype", "adapter", "first"))

    @property
    def tallies(self) -> list[Tally]:
        """All tallies."""
        return [Tally(**entry) for entry in self.journal.entries.values()]

    def add(self, tally: Tally) -> None:
        """Write a tally."""
        self.journal.add(asdict(tally))

    def forget(self, ops: Sequence[str]) -> None:
        """Drop the tallies of the ops named, or all: they are out of date when the op or the engine has changed."""
        self.journal.forget(lambda entry: not ops or entry["name"] in ops)

    def lacks(self, place: Place, last: int) -> bool:
        """Whether a block is still to be run. One with an alarm is run again: its cause may be mended."""
        entry = self.journal.entries.get(place)
        return entry is None or entry["last"] < last or bool(entry["alarms"])

    def blocks(self, seeds: int, ops: Sequence[str], adapters: Sequence[str], dtypes: Sequence[str]) -> Iterator[Block]:
        """The blocks that are still to be run: the first seeds of every case before the next seeds of any."""
        for first, last in spans(seeds):
            for case in cases(ops, dtypes):
                if left := tuple(a for a in adapters if self.lacks((*case, a, first), last)):
                    yield Block(*case, first, last, left)
