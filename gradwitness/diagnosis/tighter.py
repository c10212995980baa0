"""A point of code that was made to end later, and may never end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from gradwitness.arrays import Array
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call

UNENDED = 8
"""Calls that do not end, before no other one is tried. They take 5 seconds together."""


class Tighter(Point):
    """A point of code with tighter tolerances. Where many a call does not end they are too tight, and no other one is tried."""

    unended = 0

    def call(self, arrays: Sequence[Any], invalid: Literal["ignore", "raise"] = "ignore") -> Call:
        """See `Point.call`. Raises TimeoutError where too many do not end."""
        with self._counted():
            return super().call(arrays, invalid)

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """See `Point.gradients`. Raises TimeoutError where too many do not end."""
        with self._counted():
            return super().gradients(arrays, douts)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self.unended += isinstance(error.__cause__, TimeoutError)
            if self.unended > UNENDED:
                raise TimeoutError from error
            raise
