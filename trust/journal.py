"""Journals: what a long run has found out, a line of JSON for each finding, written as soon as it is known.

An interrupt loses nothing: the next run reads what is there, and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from operator import itemgetter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / ".trust"
"""Ignored by git: summaries are what is kept."""
Entry = dict[str, Any]


class Journal:
    """A file, as a table from what an entry is about to the entry; a later line takes the place of an earlier one.

    key      entry -> what it is about
    joined   (earlier, later) -> what takes the place of two entries about the same, where that is not simply the later one
    fresh    to forget what the file holds, unread
    """

    def __init__(
        self,
        file: Path,
        key: Callable[[Entry], Hashable] = itemgetter("id"),
        joined: Callable[[Entry, Entry], Entry] = lambda _, later: later,
        *,
        fresh: bool = False,
    ) -> None:
        self.file, self.key, self.joined = file, key, joined
        self.entries: dict[Hashable, Entry] = {}
        if fresh:
            file.unlink(missing_ok=True)
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # cut short by a kill: what it was about is found out again
                continue
            self._put(entry)

    def add(self, entry: Entry) -> None:
        """Write an entry, so that it stays."""
        self._put(entry)
        self._write(entry)

    def forget(self, gone: Callable[[Entry], bool]) -> None:
        """Keep the entries that are not gone, and write the file anew."""
        self.entries = {about: entry for about, entry in self.entries.items() if not gone(entry)}
        self.file.unlink(missing_ok=True)
        for entry in self.entries.values():
            self._write(entry)

    def _put(self, entry: Entry) -> None:
        about = self.key(entry)
        self.entries[about] = self.joined(self.entries[about], entry) if about in self.entries else entry

    def _write(self, entry: Entry) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:  # closed each time: nothing waits in a buffer for the end of the run
            file.write(json.dumps(entry) + "\n")
