"""A report as HTML: a fragment for notebooks, and a page that needs no other file.

Colours of text are those of what surrounds the report, light or dark; a notebook has its own. Only the verdicts and the lines of
source have colours, which can be read on both.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby

from gradwitness.report.findings import Answer, Finding
from gradwitness.report.text import details, headline, is_source

KINDS = {"right": "right", "kink": "right", "convention": "right", "note": "note", "cannot tell": "open", "undefined": "open"}
"""Verdict -> how it is coloured; all others are wrong."""
STYLE = """
.gradwitness { font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; max-width: 62rem; overflow-wrap: anywhere }
.gradwitness * { box-sizing: border-box }
.gradwitness p, .gradwitness pre { margin: 0 }
.gradwitness header { padding: .2em 0 .8em }
.gradwitness .subject { font-weight: 600; margin: 0 0 0 .5em }
.gradwitness .how { opacity: .75; font-size: .9em; margin-top: .4em }
.gradwitness .verdict { display: inline-block; color: #fff; border-radius: 1em; padding: .05em .7em; font-weight: 600;
  font-size: .9em; white-space: nowrap }
.gradwitness .right .verdict { background: #2e7d32 }
.gradwitness .wrong .verdict { background: #c62828 }
.gradwitness .open .verdict { background: #b35c00 }
.gradwitness .note .verdict { background: #607d8b }
.gradwitness section { display: grid; grid-template-columns: var(--names) 1fr; gap: .1em 1.2em;
  border-top: 1px solid #8886; padding: .6em 0 .6em .8em; border-left: 3px solid #8886 }
.gradwitness section.right { border-left-color: #2e7d32 }
.gradwitness section.wrong { border-left-color: #c62828 }
.gradwitness section.open { border-left-color: #b35c00 }
.gradwitness section.note { border-left-color: #607d8b }
.gradwitness .about, .gradwitness pre { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
.gradwitness .about { font-weight: 600 }
.gradwitness .details { margin-top: .35em }
.gradwitness .details p + p { margin-top: .15em }
.gradwitness .numbers { opacity: .8 }
.gradwitness pre { background: #8882; border-radius: 4px; padding: .35em 0; margin: .4em 0; font-size: .92em; line-height: 1.5;
  white-space: pre-wrap; color: inherit }
.gradwitness pre span { display: block; padding: 0 .7em 0 2em; text-indent: -1.3em }
.gradwitness pre .less { background: #c6282833 }
.gradwitness pre .more { background: #2e7d3240 }
@media (max-width: 36rem) { .gradwitness section { grid-template-columns: 1fr } }
"""
PAGE = """
:root { color-scheme: light dark }
body { margin: 0; padding: 1.5rem clamp(.8rem, 4vw, 3rem); background: Canvas; color: CanvasText }
.gradwitness { margin: 0 auto }
"""
NUMBERS = ("worst ", "off by ", "wrong at ")
"""Beginnings of lines that are numbers."""
CHARACTER, WIDEST = 0.62, 16.0
"""Of the column of names, in em: a character, and the whole at most."""
LINES = {"-": "less", "+": "more"}


def fragment(report: Answer) -> str:
    """A piece of HTML with its own style, as a notebook shows it."""
    names = min(WIDEST, 1 + CHARACTER * max((len(finding.about) for finding in report.findings), default=0))
    cost = f"{report.evaluations} evaluations in {report.seconds:.2f} s; {', '.join(report.versions)}"
    return (
        f'<div class="gradwitness" style="--names: {names:.1f}em"><style>{STYLE}</style>'
        f'<header class="{_kind(report.verdict)}"><span class="verdict">{escape(report.verdict)}</span>'
        f'<span class="subject">{escape(report.subject)}</span>'
        f'<p class="how">Examined {escape(report.examined)}.<br>{escape(cost)}</p></header>'
        f"{''.join(_section(finding) for finding in report.findings)}</div>"
    )


def page(report: Answer) -> str:
    """A whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.verdict)}: {escape(report.subject)}</title><style>{PAGE}</style></head>"
        f"<body>{fragment(report)}</body></html>"
    )


def _section(finding: Finding) -> str:
    said = headline(finding)
    mark, _, rest = said.partition(": " if ": " in said else "; ")
    body = "".join(_part(source, list(lines)) for source, lines in groupby(details(finding), is_source))
    below = f'<div class="details">{body}</div>' if body else ""
    return (
        f'<section class="{_kind(finding.verdict)}"><div class="about">{escape(finding.about)}</div>'
        f'<div><span class="verdict">{escape(mark.lower())}</span> {escape(rest)}{below}</div></section>'
    )


def _part(source: bool, lines: Iterable[str]) -> str:
    """Sentences, or lines of source."""
    if source:
        return f"<pre>{''.join(_tag('span', LINES.get(line[0], ''), line) for line in lines)}</pre>"
    return "".join(_tag("p", "numbers" if line.startswith(NUMBERS) else "", line) for line in lines)


def _tag(name: str, kind: str, content: str) -> str:
    of_class = f' class="{kind}"' if kind else ""
    return f"<{name}{of_class}>{escape(content)}</{name}>"


def _kind(verdict: str) -> str:
    return KINDS.get(verdict, "wrong")
