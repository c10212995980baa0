"""mkdocs: the page of findings shows every record of known_differences.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent.parent / "conformance" / "known_differences.toml"
MARK = "<!-- the records stand here on the site -->"
KINDS = {
    "difference": "differs",
    "accuracy": "loses digits",
    "unsupported": "cannot be run",
    "second": "second derivative differs",
}
"""Table of the file -> what it says of a framework."""
HEADS = ("of", "in", "what", "how", "status")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put a table for each framework where the mark is."""
    return markdown.replace(MARK, tables()) if MARK in markdown else markdown


def tables() -> str:
    """A heading and a table for each framework; records with the same reason share a row."""
    records = tomllib.loads(FILE.read_text())
    entries = [{**entry, "kind": kind} for kind in KINDS for entry in records.get(kind, [])]
    return "\n\n".join(
        f"### {adapter}\n\n{_table([entry for entry in entries if entry['adapter'] == adapter])}"
        for adapter in sorted({entry["adapter"] for entry in entries})
    )


def _table(entries: list[dict[str, Any]]) -> str:
    shared: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for entry in entries:
        shared.setdefault((entry["kind"], entry["reason"], _status(entry)), []).append(entry)
    rows = [(_ops(group), _modes(group), KINDS[kind], _plain(reason), status) for (kind, reason, status), group in shared.items()]
    lines = [HEADS, ["---"] * len(HEADS), *sorted(rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ops(group: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(f"`{entry['op']}`" for entry in group))


def _modes(group: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(mode for entry in group for mode in entry["mode"]))


def _status(entry: dict[str, Any]) -> str:
    return f"[{entry['status']}]({entry['link']})" if entry.get("link") else str(entry["status"])


def _plain(reason: str) -> str:
    """A sentence that Markdown leaves as it is."""
    for special in "\\|*_<[]`":
        reason = reason.replace(special, f"\\{special}")
    return reason
