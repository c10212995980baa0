"""griffe: docstrings as Markdown that shows what was written.

Docstrings here are plain text. Indented lines are equations or tables, and backticks mark code. Markdown would lose the rest:
`<x, y>` looks like a tag, `a[i][j]` like a link, and columns of names and meanings run together.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

COLUMNS = re.compile(r"\S {3,}\S")
LABEL = re.compile(r"(Derivation|Frameworks|Raises|Returns|Shapes|Source|Sources)\b")
SPECIAL = re.compile(r"[\\*_<\[\]]")


class PlainDocstrings(griffe.Extension):
    """Rewrite each docstring once, when its object is complete."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """The text, so that Markdown shows it as it stands."""
    return "\n\n".join(_paragraph(paragraph) for paragraph in re.split(r"\n\s*\n", text))


def _paragraph(text: str) -> str:
    """Columns become a block of code, labels begin a line of their own, and special characters are escaped."""
    lines = text.split("\n")
    if lines[0].startswith("    "):
        return text
    if any(COLUMNS.search(line) for line in lines):
        return "\n".join(f"    {line}" for line in lines)
    shown = [_escaped(line.strip()) for line in lines]
    return "\n".join(f"\n{line}" if i and LABEL.match(line) else line for i, line in enumerate(shown))


def _escaped(line: str) -> str:
    """Markdown's special characters are escaped outside of backticks."""
    parts = line.split("`")
    return "`".join(part if i % 2 else SPECIAL.sub(r"\\\g<0>", part) for i, part in enumerate(parts))
