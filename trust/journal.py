"""Journals: the findings of a long run, one line of JSON each, written as soon as they are known.

An interrupted run loses nothing. The next run reads the journal and continues.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from operator import itemgetter
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """A file as a table: subject of an entry -> entry. A later line replaces an earlier one about the same subject.

    key      entry -> its subject
    joined   (earlier, later) -> the entry that replaces both; the later one, unless given
    fresh    delete the file without reading it
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
        lines = file.read_text() if file.exists() else ""
        if lines and not lines.endswith("\n"):  # the next entry needs a line of its own
            with file.open("a") as cut:
                cut.write("\n")
        for line in lines.splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # a kill cut the line short: its finding is made again
                continue
            self._put(entry)

    def add(self, entry: Entry) -> None:
        """Keep an entry, and write it to the file."""
        self._put(entry)
        self._write(entry)

    def forget(self, gone: Callable[[Entry], bool]) -> None:
        """Drop the entries that `gone` selects, and write the file again."""
        self.entries = {subject: entry for subject, entry in self.entries.items() if not gone(entry)}
        rewritten = self.file.with_suffix(".new")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rewritten.write_text("".join(json.dumps(entry) + "\n" for entry in self.entries.values()))
        rewritten.replace(self.file)

    def _put(self, entry: Entry) -> None:
        subject = self.key(entry)
        self.entries[subject] = self.joined(self.entries[subject], entry) if subject in self.entries else entry

    def _write(self, entry: Entry) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:  # closing it writes the line to disk now
            file.write(json.dumps(entry) + "\n")
