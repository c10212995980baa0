"""A run: units one after the other in a process for each number of threads, a journal, progress, and the result at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks import checkout, estimate
from benchmarks.journal import Journal, journal_of
from benchmarks.process import Child, Gone
from benchmarks.results_of import result_of
from benchmarks.store import Result
from benchmarks.units import Unit, Wanted

ROUNDS = {"quick": 15, "default": 21, "full": 31, "gpu": 15}
ROUNDS_SECONDS = {"quick": 4.0, "default": 8.0, "full": 20.0, "gpu": 4.0}
"""Seconds that the rounds of a unit take at most, but for the five that there are in any case."""
SIDES = {"quick": 1024, "default": 2048, "full": 4096, "gpu": 2048}
"""Of the matrices whose product is the machine's limit; on a GPU, 4096 take a millisecond, and on a CPU seconds."""
PATIENCE = 1800.0
"""Seconds that a unit may take at most, if no time is set: something hangs."""
FIRST = 0.6
"""The share of the time for one thread, where several numbers of threads are asked for."""

Say = Callable[[str, float, float], None]
"""What is done now, the share of the run that is done, and seconds left."""


@dataclass
class Run:
    """A run of what is wanted.

    minutes   for everything; None for as long as it takes
    say       hears of progress
    end       when it must be over, on the monotonic clock; a unit that is not done by then is given up
    anew      do not go on with a run that was interrupted
    """

    wanted: Wanted
    minutes: float | None
    say: Say
    end: float | None = None
    anew: bool = False
    journal: Journal = field(init=False)
    left_out: dict[str, str] = field(default_factory=dict)
    processors: dict[int, list[int]] = field(default_factory=dict)
    _children: list[Child] = field(default_factory=list)
    _started: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.journal = journal_of(self.wanted, checkout.commit(), checkout.changes(), checkout.machine())
        if self.anew:
            self.journal.delete()
            self.journal.entries.clear()
        if "started" not in self.journal.entries:
            self.journal.add("started", {"at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": 0.0})

    def __call__(self) -> Result:
        """Time everything that fits and is not in the journal. Raises KeyboardInterrupt; the journal has the rest."""
        try:
            groups = list(self.wanted.threads)
            for index, threads in enumerate(groups):
                left = self._left()
                share = FIRST if left is not None and len(groups) - index > 1 else 1.0
                self._group(
                    [unit for unit in self.wanted.units() if unit.threads == threads], None if left is None else left * share
                )
        finally:
            for child in self._children:
                child.kill()
        entries = self.journal.entries.values()
        return result_of(self.wanted.choice, self.journal.entries["started"]["at"], entries, self.left_out, self.processors)

    def _group(self, units: list[Unit], seconds: float | None) -> None:
        """The units of one number of threads."""
        end = None if seconds is None else time.monotonic() + seconds
        child = None
        for index, unit in enumerate(units):
            if unit.id in self.journal.entries:
                continue
            expected, left = self._expected(unit), None if end is None else end - time.monotonic()
            if reason := _too_much(unit, expected, left):
                self.left_out[str(unit)] = reason
                continue
            self._say(unit, units[index:], left)
            child = child or self._child(unit.threads)
            if not self._work(child, unit, self._patience(expected, left)) or (
                f"limits {unit.threads}" not in self.journal.entries and not self._limits(child, unit.threads)
            ):
                child = None
        if child:
            child.kill()

    def _patience(self, expected: float, left: float | None) -> float:
        """Seconds to wait for a unit: half as much as expected beyond the time, unless the end is the end."""
        if self.end is not None:
            return max(self.end - time.monotonic(), 1.0)
        return PATIENCE if left is None else left + 0.5 * expected

    def _work(self, child: Child, unit: Unit, patience: float) -> bool:
        """Time a unit. False if that cost the process."""
        begin = time.monotonic()
        choice = self.wanted.choice
        try:
            found = child.ask("unit", (unit, ROUNDS[choice], ROUNDS_SECONDS[choice]), patience)
        except Gone as reason:
            self.journal.add(unit.id, {"not_run": {str(unit): str(reason)}, "seconds": time.monotonic() - begin})
            return False
        took = {"seconds": time.monotonic() - begin, "expected": self._estimate(unit)}
        self._started.add(unit.threads)
        self.journal.add(unit.id, found | took)
        return True

    def _limits(self, child: Child, threads: int) -> bool:
        """Measure what the machine can do at most. False if that cost the process."""
        begin = time.monotonic()
        devices = tuple(self.wanted.device) or ("cpu",)
        try:
            found = child.ask("limits", (threads, devices, SIDES[self.wanted.choice]), self._patience(PATIENCE, self._left()))
        except Gone as reason:
            self.journal.add(f"limits {threads}", {"not_run": {f"limits, {threads} threads": str(reason)}})
            return False
        self.journal.add(f"limits {threads}", found | {"seconds": time.monotonic() - begin})
        return True

    def _child(self, threads: int) -> Child:
        child = Child(threads)
        self._children.append(child)
        self.processors[threads] = child.processors
        return child

    def _left(self) -> float | None:
        """Seconds that are left of the time; those of an interrupted run before count."""
        if self.end is not None:
            return self.end - time.monotonic()
        spent = sum(entry.get("seconds", 0.0) for entry in self.journal.entries.values())
        return None if self.minutes is None else self.minutes * 60 - spent

    def _estimate(self, unit: Unit) -> float:
        """Before any correction; the first unit of a process pays for its imports."""
        imports = 0.0 if unit.threads in self._started else estimate.starting(unit)
        return imports + estimate.seconds(unit, ROUNDS[self.wanted.choice])

    def _expected(self, unit: Unit) -> float:
        """The estimate, corrected by what units have taken so far."""
        return self._correction() * self._estimate(unit)

    def _correction(self) -> float:
        done = [entry for entry in self.journal.entries.values() if "expected" in entry]
        taken, expected = (sum(entry[key] for entry in done) for key in ("seconds", "expected"))
        return min(max(taken / expected, 0.2), 8.0) if expected else 1.0

    def _say(self, unit: Unit, ahead: list[Unit], left: float | None) -> None:
        """Progress: what is done now, the share of the time that has passed, and what the rest will take, within what is left."""
        waiting = [other for other in ahead[1:] if other.id not in self.journal.entries]
        seconds = sum(estimate.seconds(other, ROUNDS[self.wanted.choice]) for other in waiting)
        rest = self._expected(unit) + self._correction() * seconds
        remaining = rest if left is None else min(rest, left)
        done = sum(entry.get("seconds", 0.0) for entry in self.journal.entries.values())
        self.say(str(unit), done / max(done + remaining, 1e-9), remaining)


def _too_much(unit: Unit, expected: float, left: float | None) -> str:
    """Why a unit is left out; "" where it is not."""
    needed, there = estimate.memory(unit), estimate.available()
    if there is not None and needed > estimate.SHARE * there:
        return f"left out: it may need {needed / 2**30:.1f} GiB of memory, and {there / 2**30:.1f} GiB are free"
    if left is not None and expected > left:
        return f"left out: it would take about {expected:.0f} s, and {max(left, 0):.0f} s were left"
    return ""
