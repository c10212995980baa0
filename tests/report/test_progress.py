"""Progress of a check: told on a terminal, after a second, and gone afterwards."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from gradwitness.report.progress import AFTER, ERASE, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, times: Iterator[float]) -> str:
    """What three calls at the given times write; the first time is that of the start."""
    with Progress(stream, lambda: next(times)) as progress:
        double = progress.counting(lambda x: 2 * x)
        assert [double(x) for x in (1, 2, 3)] == [2, 4, 6]
    return stream.getvalue()


def test_a_long_check_is_told_on_a_terminal_and_the_line_is_erased() -> None:
    line = told(Terminal(), iter([0.0, 0.5, 1.2, 1.3]))
    assert line == f"{ERASE}gradwitness: 2 evaluations, 1 s{ERASE}"


def test_a_short_check_says_nothing() -> None:
    assert told(Terminal(), iter([0.0, 0.1, 0.2, AFTER / 2])) == ""


def test_nothing_is_written_to_a_file() -> None:
    assert told(io.StringIO(), iter([0.0, 2.0, 4.0, 6.0])) == ""


def test_the_line_is_erased_after_an_exception() -> None:
    stream, times = Terminal(), iter([0.0, 2.0])
    with pytest.raises(ValueError, match="mine"), Progress(stream, lambda: next(times)) as progress:
        progress.counting(lambda: (_ for _ in ()).throw(ValueError("mine")))()
    assert stream.getvalue().endswith(ERASE)
