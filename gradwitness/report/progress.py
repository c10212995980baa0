"""Says how far a check is once it takes more than a second: a line on stderr, and only if that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO, TypeVar

T = TypeVar("T")
AFTER, EVERY = 1.0, 0.5
"""Seconds before the first line, and between two."""
ERASE = "\r\x1b[K"


class Progress:
    """Counts the calls of a function, and tells of them while the `with` lasts. The line is gone afterwards."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream or sys.stderr, clock
        self._start = self._last = clock()
        self._calls, self._shown = 0, False

    def counting(self, function: Callable[..., T]) -> Callable[..., T]:
        """The same function; each call is counted."""

        def counted(*args: object, **kwargs: object) -> T:
            self._calls += 1
            now = self._clock()
            if now - self._start >= AFTER and now - self._last >= EVERY and self._stream.isatty():
                self._last, self._shown = now, True
                self._stream.write(f"{ERASE}gradwitness: {self._calls} evaluations, {now - self._start:.0f} s")
                self._stream.flush()
            return function(*args, **kwargs)

        return counted

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown:
            self._stream.write(ERASE)
            self._stream.flush()
