"""What the soak is told in: an outcome for each seed, and a tally of them for each adapter and block of seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["agreed", "known", "not run", "alarm"]


@dataclass(frozen=True)
class Outcome:
    """What a cell came to at its seed.

    ratio, result   the worst distance in units of spread, or a bound of it, and of which result
    message         of an alarm; why a cell was not run
    """

    status: Status
    ratio: float = 0.0
    result: str = ""
    message: str = ""


@dataclass(frozen=True)
class Block:
    """A case in a dtype at the seeds first, ..., last - 1, and the adapters that run it."""

    kind: str
    name: str
    case_id: str
    dtype: str
    first: int
    last: int
    adapters: tuple[str, ...]


@dataclass
class Tally:
    """What an adapter came to over a block.

    count     by status
    redrawn   points that were drawn again
    worst     the worst distance of those that agreed: ratio, result, seed
    alarms    seed -> message
    reasons   why cells were not run
    seconds   of processor time, the reference's with those of the first adapter
    """

    kind: str
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
        """One seed."""
        self.count[outcome.status] = self.count.get(outcome.status, 0) + 1
        if outcome.status == "agreed" and outcome.ratio >= self.worst[0]:
            self.worst = (outcome.ratio, outcome.result, seed)
        if outcome.status == "alarm":
            self.alarms[str(seed)] = outcome.message
        if outcome.status == "not run" and outcome.message not in self.reasons:
            self.reasons.append(outcome.message)
