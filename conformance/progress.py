"""How far a run is: cells done, and about how long the rest will take.

On a terminal this is a line below pytest's dots that is drawn anew after each test. Elsewhere it is a line of its own every
half minute. Under pytest-xdist the process that reports says it, and no worker.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from conformance.scheduling import CELL_TESTS

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Counts the tests that are done, and says so."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.every = float(config.getoption("progress_every"))
        self.cells = self.others = self.cells_done = self.others_done = 0
        self.start = self.said = time.monotonic()
        self.drawn = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without workers: all tests are known."""
        self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """With workers: each of them collects all tests."""
        if not self.cells + self.others:
            self._begin(ids)

    def _begin(self, ids: Sequence[str]) -> None:
        self.cells = sum(map(is_cell, ids))
        self.others = len(ids) - self.cells
        self.start = self.said = time.monotonic()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logstart(self) -> Iterator[None]:
        """pytest may write the name of the file."""
        return (yield from self._around())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[None]:
        """pytest writes a dot. A test is done when it is torn down."""
        if report.when == "teardown":
            self.cells_done += is_cell(report.nodeid)
            self.others_done += not is_cell(report.nodeid)
        return (yield from self._around())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logfinish(self) -> Iterator[None]:
        """pytest may write the percentage at the end of a line."""
        return (yield from self._around())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The line goes before the summary comes."""
        self._erase()

    def _around(self) -> Iterator[None]:
        """Take the line away, let pytest write, and put it back."""
        self._erase()
        result = yield
        if self.cells and self.cells_done + self.others_done:
            self._say()
        return result

    def _say(self) -> None:
        reporter, text = self._reporter, self.text(time.monotonic() - self.start)
        if reporter is None:
            return
        if reporter.isatty and self.config.option.capture != "no":
            self._draw(text[: reporter._tw.fullwidth - 1])
            self.drawn = True
        elif self.every and time.monotonic() - self.said >= self.every:
            self.said = time.monotonic()
            reporter.ensure_newline()  # so that the name of the file is written again
            if reporter._tw.width_of_current_line:  # dots of workers stand behind no name
                reporter.write("\n")
            reporter.write(f"{text}\n", flush=True)

    def _erase(self) -> None:
        if self.drawn:
            self._draw("")
            self.drawn = False

    def _draw(self, text: str) -> None:
        """Write on the line below the cursor, and put the cursor back."""
        writer = self._reporter._tw
        column = writer.width_of_current_line
        back = f"\x1b[{column}C" if column else ""
        writer._file.write(f"\n\r{text}\x1b[K\x1b[1A\r{back}")
        writer._file.flush()

    @property
    def _reporter(self) -> Any:
        return self.config.pluginmanager.get_plugin("terminalreporter")

    def text(self, elapsed: float) -> str:
        """The line, `elapsed` seconds after the first test began. The rest is expected to go on at the same pace."""
        done, total = self.cells_done + self.others_done, self.cells + self.others
        others = f", {self.others_done:,} of {self.others:,} other tests" if self.others else ""
        left = duration(elapsed * (total - done) / done)
        return f"gradwitness: {self.cells_done:,} of {self.cells:,} cells done{others}, about {left} left"


def is_cell(nodeid: str) -> bool:
    """Whether a test runs a cell of the matrix."""
    return nodeid.partition("[")[0].endswith(tuple(name for name in CELL_TESTS if name != "::test_network"))


def duration(seconds: float) -> str:
    """A time as people say it: "40 s", "12 min", "1 h 20 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
