"""Data classes for soak results: an outcome for each seed, and a tally of outcomes for each adapter and block of seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from conformance.matrix import Kind

Status = Literal["agreed", "known", "cannot tell", "not run", "alarm"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a cell at its seed.

    ratio, result   the largest distance in units of spread, or a bound of it, and the result that has it
    message         the text of an alarm, or the reason why the cell was not run, or cannot be told
    """

    status: Status
    ratio: float = 0.0
    result: str = ""
    message: str = ""


@dataclass(frozen=True)
class Block:
    """A case in a dtype at the seeds first, ..., last - 1, and the adapters that run it."""

    kind: Kind
    name: str
    case_id: str
    dtype: str
    first: int
    last: int
    adapters: tuple[str, ...]


@dataclass
class Tally:
    """The outcomes of an adapter over a block.

    count     how many there are of each status
    redrawn   how many points were drawn again
    worst     the largest distance among those that agreed: ratio, result, seed
    alarms    seed -> message
    reasons   why cells were not run, or cannot be told
    seconds   processor time; the first adapter's includes the reference's
    """

    kind: Kind
    name: str
    case_id: str
    dtype: str
    adapter: str
    first: int
    last: int
    count: dict[str, int] = field(default_factory=dict)
    redrawn: int = 0
    worst: tuple[float, str, int] = (0.0, "", -1)
    alarms: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, seed: int, outcome: Outcome) -> None:
        """Count the outcome of one seed."""
        self.count[outcome.status] = self.count.get(outcome.status, 0) + 1
        if outcome.status == "agreed" and outcome.ratio >= self.worst[0]:
            self.worst = (outcome.ratio, outcome.result, seed)
        if outcome.status == "alarm":
            self.alarms[str(seed)] = outcome.message
        if outcome.status in ("not run", "cannot tell") and outcome.message not in self.reasons:
            self.reasons.append(outcome.message)


def tallies(block: Block) -> list[Tally]:
    """An empty tally for each adapter of a block."""
    return [
        Tally(block.kind, block.name, block.case_id, block.dtype, adapter, block.first, block.last) for adapter in block.adapters
    ]
