"""Two results of `python -m benchmarks run` side by side: what is faster in which, and what cannot be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from benchmarks.store import Cell, Result

Key = tuple[str, ...]
Verdict = Literal["faster", "slower", "not told apart"]


@dataclass(frozen=True)
class Pair:
    """A cell that both results have.

    ratio       second over first: below 1 the second is faster
    low, high   its interval, from the ends of both intervals: wider than 95%, and never too narrow
    """

    first: Cell
    second: Cell

    @property
    def ratio(self) -> float:
        return self.second.median / self.first.median

    @property
    def low(self) -> float:
        return self.second.low / self.first.high

    @property
    def high(self) -> float:
        return self.second.high / self.first.low

    @property
    def verdict(self) -> Verdict:
        """What became of the cell in the second result."""
        if self.high < 1:
            return "faster"
        return "slower" if self.low > 1 else "not told apart"


@dataclass(frozen=True)
class Comparison:
    """Two results: other machines, commits or versions."""

    first: Result
    second: Result

    @cached_property
    def pairs(self) -> list[Pair]:
        """The cells of both, in the order of the first. Cells that do not wait for their result are no measurement of speed."""
        others = {key_of(cell): cell for cell in self.second.cells if cell.synchronised}
        found = ((cell, others.get(key_of(cell))) for cell in self.first.cells if cell.synchronised)
        return [Pair(cell, other) for cell, other in found if other is not None]

    def alone(self) -> tuple[int, int]:
        """How many cells only the first has, and only the second."""
        first, second = ({key_of(cell) for cell in result.cells if cell.synchronised} for result in (self.first, self.second))
        return len(first - second), len(second - first)

    def differences(self) -> Iterator[str]:
        """What else differs, and what makes the comparison doubtful."""
        for what, one, other in self._conditions():
            if one != other:
                yield f"{what}: {one} and {other}"
        for which, result in (("first", self.first), ("second", self.second)):
            if result.dirty:
                yield f"the checkout of the {which} had changes that are in no commit"
            if result.control is not None and not result.control.trusted:
                yield (
                    f"the {which} is not to be trusted: the reference against itself was {result.control.ratio:.3g} "
                    f"({result.control.low:.3g} to {result.control.high:.3g})"
                )

    def _conditions(self) -> Iterator[tuple[str, str, str]]:
        first, second = self.first, self.second
        for what in ("processor", "processors", "memory_gib", "system", "devices"):
            yield what.replace("_gib", " in GiB"), str(getattr(first.machine, what)), str(getattr(second.machine, what))
        yield "commit", first.commit[:7], second.commit[:7]
        for name in dict.fromkeys([*first.versions, *second.versions]):
            yield name, first.versions.get(name, "none"), second.versions.get(name, "none")

    def counts(self) -> Counter[str]:
        """How many cells have which verdict."""
        return Counter(pair.verdict for pair in self.pairs)


def key_of(cell: Cell) -> Key:
    """What makes a cell the same in another result."""
    told = (cell.model, cell.sweep, cell.size, cell.phase, cell.framework, cell.mode, cell.device, cell.precision, cell.threads)
    return tuple(map(str, told))
