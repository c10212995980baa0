"""How far a run is, and about how long it will take: one line that is drawn anew on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType


class Watch:
    """Called with what is done now, the share that is done, and the seconds left."""

    def __enter__(self) -> Watch:
        self._drawn = False
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._clear()

    def __call__(self, what: str, share: float, left: float) -> None:
        """Say it."""
        line = f"{share:4.0%}  {clock(left)} left  {what}"
        if sys.stderr.isatty():
            self._clear()
            sys.stderr.write(line[:100])
            self._drawn = True
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def write(self, line: str) -> None:
        """A line that stays."""
        self._clear()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
        self._drawn = False


def clock(seconds: float) -> str:
    """Minutes and seconds: 2:05; hours, where there are: 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
