"""Pages of shared libraries that a process has touched, given back to the system.

Three frameworks map 900 MB of libraries. A process keeps every page of them that it ever touched, though it needs most of them
once: to import, to compile, to load a kernel. The pages are clean copies of files, so the system may take them and fetch them
again from its cache.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

MADV_DONTNEED = 4
MAPS = Path("/proc/self/smaps")
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+\s+(\S.*)")
SMALLEST = 2**20


def drop_library_pages() -> int:
    """Give back the pages of libraries. Returns how many bytes were mapped there; 0 where the system is not Linux."""
    dropped = 0
    for start, end in _clean_mappings():
        if _madvise()(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_DONTNEED) == 0:
            dropped += end - start
    return dropped


def _clean_mappings() -> Iterator[tuple[int, int]]:
    """Mappings of library files that nobody can write to, and of which no page differs from its file.

    A page that was relocated is private to the process (Anonymous in smaps): it would come back unrelocated.
    """
    mapping: tuple[int, int] | None = None
    for line in MAPS.read_text().splitlines() if MAPS.exists() else ():
        if head := MAPPING.fullmatch(line):
            start, end = int(head[1], 16), int(head[2], 16)
            is_library = ".so" in head[4] and head[3][1] == "-" and head[3][3] == "p"
            mapping = (start, end) if is_library and end - start >= SMALLEST else None
        elif mapping and line.startswith("Anonymous:"):
            if line.split()[1] == "0":
                yield mapping
            mapping = None


@cache
def _madvise() -> Any:
    return ctypes.CDLL(None, use_errno=True).madvise
