"""What was found, and how it is told: `Finding` (findings.py), `Report` (report.py), as text (text.py), as a page (page.py)."""

from gradwitness.report.findings import Finding, Verdict
from gradwitness.report.report import Report

__all__ = ["Finding", "Report", "Verdict"]
