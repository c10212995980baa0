"""What the soak of functions has run: a table under version control, to which the journal of this checkout adds.

The whole is days of a processor. A run anywhere goes on where the table ends, and `--update-docs` adds what it ran to the table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from pathlib import Path

import adapters
from gradwitness import frameworks
from reference import OPS
from trust.journal import Entry, Journal
from trust.places import FOLDER, RESULTS
from trust.soak.functions import DTYPES
from trust.soak.functions_report import reason
from trust.soak.results import Block, Tally

RECORD = FOLDER / "functions.jsonl"
TABLE = RESULTS / "functions.csv"
SPANS = (1, 20)
"""After so many seeds of one case come the next cases, and so on at each `SPANS[-1]` more: all are covered evenly. Within a span
JAX finds what it compiled for the seed before.
"""
ALL = "all"
"""In place of a dtype: all of them in one call."""
COLUMNS = ("adapter", "dtype", "op", "case", "seeds", "right", "known", "cannot tell", "not run", "seconds", "why")
COUNTED = {"right": "agreed", "known": "known", "cannot tell": "cannot tell", "not run": "not run"}
"""Column -> what a tally calls it."""


class FunctionsRecord:
    """A tally for each framework, dtype and case. One with an alarm begins anew: its cause may be mended."""

    def __init__(self, *, fresh: bool = False) -> None:
        """fresh: without what was run before, here or elsewhere."""
        self._published = {} if fresh else {_place(tally): tally for tally in _read(TABLE)}
        self._journal = Journal(RECORD, itemgetter("adapter", "dtype", "name", "case_id"), _joined, fresh=fresh)

    @property
    def tallies(self) -> list[Tally]:
        """All tallies, each from the first seed on."""
        found = dict(self._published)
        for entry in self._journal.entries.values():
            tally = Tally(**entry)
            before = found.get(_place(tally))
            found[_place(tally)] = Tally(**_joined(asdict(before), asdict(tally))) if before else tally
        return [tally for tally in found.values() if tally.first == 0]

    def add(self, tally: Tally) -> None:
        """Write the tally of a block."""
        self._journal.add(asdict(tally))

    def blocks(self, seeds: int, ops: Sequence[str], names: Sequence[str], dtypes: Sequence[str]) -> Iterator[Block]:
        """What is still to be run: the first case of every op before the edge cases, and the first seeds before the next.

        Tensors of each dtype are handed over at the first seed, and where seeds are asked for in some dtypes alone. At the others
        one call judges the values in all of them, which takes less time.
        """
        done = {_place(tally): tally.last for tally in self.tallies if not tally.alarms}
        there = [name for name in names or adapters.NAMES if frameworks.installed(name)]
        ends = [end for end in (*SPANS, *range(2 * SPANS[-1], seeds, SPANS[-1])) if end < seeds]
        for last in [*ends, seeds]:
            for edge in (False, True):
                for name in there:
                    for op in ops or OPS:
                        for case in OPS[op].cases[1:] if edge else OPS[op].cases[:1]:
                            ran = {dtype: done.get((name, dtype, op, case.id), 0) for dtype in dtypes or DTYPES}
                            for dtype, first, end in _spans(ran, last):
                                yield Block("op", op, case.id, dtype, first, end, (name,))
                            done |= {(name, dtype, op, case.id): max(ran[dtype], last) for dtype in ran}

    def publish(self) -> None:
        """Put what was run into the table, but for alarms, and begin a new journal."""
        whole = sorted((tally for tally in self.tallies if not tally.alarms), key=_place)
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for tally in whole:
                counts = [tally.count.get(name, 0) for name in COUNTED.values()]
                why = "; ".join(sorted({reason(each) for each in tally.reasons}))
                writer.writerow([*_place(tally), tally.last, *counts, f"{tally.seconds:.1f}", why])
        self._published = {_place(tally): tally for tally in whole}
        self._journal.forget(lambda _: True)


def _spans(ran: Mapping[str, int], last: int) -> Iterator[tuple[str, int, int]]:
    """(dtype, first, end) of the seeds to run up to a last one: all dtypes at once from where each of them is that far."""
    together = max(SPANS[0], *ran.values()) if set(ran) == set(DTYPES) else last
    for dtype, first in ran.items():
        if first < min(together, last):
            yield dtype, first, min(together, last)
    if together < last:
        yield ALL, together, last


def _read(file: Path) -> Iterator[Tally]:
    if not file.exists():
        return
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            count = {name: int(row[column]) for column, name in COUNTED.items() if int(row[column])}
            reasons = row["why"].split("; ") if row["why"] else []
            place = row["op"], row["case"], row["dtype"], row["adapter"]
            yield Tally("op", *place, 0, int(row["seeds"]), count, reasons=reasons, seconds=float(row["seconds"]))


def _place(tally: Tally) -> tuple[str, str, str, str]:
    return tally.adapter, tally.dtype, tally.name, tally.case_id


def _joined(earlier: Entry, later: Entry) -> Entry:
    """Of two tallies of seeds that follow each other; else the later one."""
    one, two = Tally(**earlier), Tally(**later)
    if two.last == one.first:
        one, two = two, one
    if one.last != two.first:
        return later
    count = {status: one.count.get(status, 0) + two.count.get(status, 0) for status in {**one.count, **two.count}}
    reasons = list(dict.fromkeys([*one.reasons, *two.reasons]))
    both = replace(one, last=two.last, count=count, alarms=one.alarms | two.alarms, reasons=reasons)
    return asdict(replace(both, seconds=one.seconds + two.seconds))
