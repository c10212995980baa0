"""A report as HTML: a fragment for notebooks, and a page that needs no other file."""

from __future__ import annotations

from html import escape

from gradwitness.report.findings import Answer
from gradwitness.report.text import details, headline

COLOURS = {"right": "#2e7d32", "wrong": "#c62828", "cannot tell": "#ef6c00"}
STYLE = """
.gradwitness { font: 14px/1.5 system-ui, sans-serif; max-width: 60em; overflow-x: auto }
.gradwitness table { border-collapse: collapse; text-align: left }
.gradwitness td { border-top: 1px solid #8884; padding: .3em 1em .3em 0; text-align: left; vertical-align: top }
.gradwitness code { white-space: pre-wrap }
.gradwitness small { opacity: .7 }
"""


def fragment(report: Answer) -> str:
    """A piece of HTML with its own style, as a notebook shows it."""
    rows = "".join(
        f"<tr><td><code>{escape(finding.about)}</code></td>"
        f'<td style="color: {_colour(finding.verdict)}">{escape(headline(finding))}</td>'
        f"<td>{'<br>'.join(escape(line) for line in details(finding))}</td></tr>"
        for finding in report.findings
    )
    return (
        f'<div class="gradwitness"><style>{STYLE}</style>'
        f'<p><strong style="color: {COLOURS[report.verdict]}">{escape(report.verdict)}</strong>: {escape(report.subject)}<br>'
        f"<small>examined as {escape(report.examined)}; {report.evaluations} evaluations in {report.seconds:.2f} s; "
        f"{escape(', '.join(report.versions))}</small></p><table>{rows}</table></div>"
    )


def page(report: Answer) -> str:
    """A whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.verdict)}: {escape(report.subject)}</title></head><body>{fragment(report)}</body></html>"
    )


def _colour(verdict: str) -> str:
    if verdict in ("right", "kink", "convention"):
        return COLOURS["right"]
    return COLOURS["cannot tell"] if verdict in ("cannot tell", "undefined", "note") else COLOURS["wrong"]
