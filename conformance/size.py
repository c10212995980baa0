"""The most memory that a process of the run has taken, for one line at the end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from gradwitness.frameworks import specs

PEAK = "gradwitness_peak"


class Size:
    """Collects the peaks of the workers; without workers, that of this process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.peaks: list[int] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended and says its peak; one that crashed says nothing."""
        if peak := getattr(node, "workeroutput", {}).get(PEAK):
            self.peaks.append(peak)

    def pytest_sessionfinish(self) -> None:
        """In a worker: say the peak to the process that reports."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[PEAK] = peak_megabytes()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line, below the table; none from a single process that has loaded no framework."""
        frameworks = [spec.package for spec in specs().values() if spec.name != "numpy"]
        peaks = self.peaks or [peak_megabytes() if any(map(sys.modules.get, frameworks)) else 0]
        if max(peaks):
            told = ", ".join(f"{peak:,} MB" for peak in sorted(peaks, reverse=True))
            terminalreporter.write_line(f"peak memory of {'each worker' if self.peaks else 'this process'}: {told}")


def peak_megabytes() -> int:
    """The most memory that this process has taken, in units of 1,000,000 bytes; 0 where the system does not say it in /proc.

    `resource.getrusage` would count what the process was before it started Python: a copy of its parent.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 // 1_000_000 for line in lines if line.startswith("VmHWM:")), 0)
