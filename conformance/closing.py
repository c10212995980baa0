"""What the process that reports does at the end of a run: the table, and the refusal to be green over nothing."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.concerns import LEFT_OUT
from conformance.options import SELECTION
from conformance.report import Report
from conformance.verify import RECORD

DESELECTED = "gradwitness_deselected"


class Closing:
    """Collects what the tests recorded about their cells, from workers too, and prints it after the last test."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.report = Report()
        self.left_out = 0
        self.passed_without_cells = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of a cell; count the tests that need none."""
        if report.when != "call":
            return
        records = [record for name, record in report.user_properties if name == RECORD]
        for record in records:
            self.report.add(report.nodeid, record)  # type: ignore[arg-type]
        self.passed_without_cells += report.passed and not records

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker collects every test: each says the same number."""
        self.left_out = max(self.left_out, getattr(node, "workeroutput", {}).get(DESELECTED, 0))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail where cells were asked for and none was verified."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[DESELECTED] = self.config.stash.get(LEFT_OUT, 0)
        if self._verified_nothing() and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _verified_nothing(self) -> bool:
        if hasattr(self.config, "workerinput") or self.config.option.collectonly:
            return False
        if self.report.rows:
            return not self.report.verified
        return bool(self.config.stash[SELECTION]) and not self.passed_without_cells

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table, how many tests the options left out, and a red line where nothing was verified."""
        if self.report.rows:
            terminalreporter.section("gradwitness")
            self.report.print(terminalreporter.write, terminalreporter._tw.fullwidth)
            if self.config.stash[SELECTION].quick:
                terminalreporter.write_line(self.config.stash[SELECTION].statement)
        if left := self.left_out or self.config.stash.get(LEFT_OUT, 0):
            asked = self.config.stash[SELECTION]
            options = [f"--{name} {value}" for name in ("adapter", "op") for value in getattr(asked, name)]
            terminalreporter.write_line(
                f"{left:,} tests were deselected: they do not concern {' '.join(options) or 'the options'}"
            )
        if self._verified_nothing():
            terminalreporter.write_line("no cell was verified: a run that verified nothing is not green", red=True)
