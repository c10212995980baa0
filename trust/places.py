"""Where the room keeps what it finds."""

from __future__ import annotations

from pathlib import Path

ROOM = Path(__file__).parent
ROOT = ROOM.parent
RESULTS = ROOM / "results"
"""Summaries under version control; docs/trust.md is written from them."""
PAGE = ROOT / "docs" / "trust.md"
FOLDER = ROOT / ".trust"
"""Journals of runs, which git ignores."""
