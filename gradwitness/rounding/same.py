"""Programs that do the same, however often they are traced. Each framework's structure.py says what they have in common."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


class Unlike(Exception):
    """A program holds what cannot be compared: a rule that somebody wrote, a state, a large constant, other code."""


class Same:
    """A program, or an operation of one; it equals those that do the same."""

    def __init__(self, what: Any, does: Hashable) -> None:
        self.what, self._does = what, does

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self._does == other._does

    def __hash__(self) -> int:
        return hash(self._does)
