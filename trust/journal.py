"""Journals: what a long run has found out, a line of JSON for each finding, written as soon as it is known.

An interrupt loses nothing: the next run reads what is there, and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from operator import itemgetter
from pathlib import Path
from typing import Any

from trust.places import FOLDER

COMPILED = {
    "JAX_COMPILATION_CACHE_DIR": str(FOLDER / "jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
"""Environment under which JAX, when it is imported, takes what it compiled in another process or run from a file; see
tests/conftest.py."""
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
        lines = file.read_text() if file.exists() else ""
        if lines and not lines.endswith("\n"):  # the next line must not be glued to it
            with file.open("a") as cut:
                cut.write("\n")
        for line in lines.splitlines():
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
        anew = self.file.with_suffix(".new")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        anew.write_text("".join(json.dumps(entry) + "\n" for entry in self.entries.values()))
        anew.replace(self.file)

    def _put(self, entry: Entry) -> None:
        about = self.key(entry)
        self.entries[about] = self.joined(self.entries[about], entry) if about in self.entries else entry

    def _write(self, entry: Entry) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:  # closed each time: nothing waits in a buffer for the end of the run
            file.write(json.dumps(entry) + "\n")
