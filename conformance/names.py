"""What to say about a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

FEW = 12
"""So many names fit into a message. A longer list has its own command."""


def unknown(what: str, asked: str, names: Sequence[str]) -> str:
    """The message for a name that is not among `names`: the names that are spelled nearly alike, and where all of them stand."""
    names = list(dict.fromkeys(names))
    close = difflib.get_close_matches(asked, names, n=3)
    listing = f"there are {', '.join(names)}" if len(names) <= FEW else f"`python -m conformance list` lists all {len(names)}"
    if not close:
        return f"unknown {what} {asked!r}; {listing}"
    return f"unknown {what} {asked!r}; did you mean {_either(close)}? {listing[0].upper() + listing[1:]}"


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
