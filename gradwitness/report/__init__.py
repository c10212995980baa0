"""What was found, and how it is told: `Finding` and `Report` (findings.py), as text (text.py), as a page (page.py)."""

from gradwitness.report.findings import Finding, Report, Verdict

__all__ = ["Finding", "Report", "Verdict"]
