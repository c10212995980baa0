"""What the tests of a session share: the implementations that are prepared, and the results."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.implementations import load, prepare, start
from benchmarks.plan import REFERENCE, Implementation, Place, Plan
from benchmarks.results import Results
from benchmarks.running import Prepared
from benchmarks.sizes import BROKEN
from conformance import threads
from gradwitness import frameworks


def record(adapter: str, name: str, case: str, cell: str) -> dict[str, Any]:
    """What the root's closing table counts, until a verdict is reached; a test records it as the property "gradwitness"."""
    return {
        "adapter": adapter, "family": "benchmarks", "name": name, "case": case, "cell": cell,
        "status": "not run", "reason": "", "gradient": "the worst result",
    }  # fmt: skip


class NotTimed(Exception):
    """A place was refused before; the message says why."""


@dataclass
class Workshop:
    """Keeps what is prepared for one model and size, and drops it when the next is begun."""

    plan: Plan
    results: Results
    required: tuple[str, ...]
    """Adapters that must not be missing."""
    _prepared: dict[Place, Prepared] = field(default_factory=dict)
    _refused: dict[Place, str] = field(default_factory=dict)

    def ready(self, place: Place) -> Prepared:
        """The place, built, compiled, and found to agree with the reference.

        Raises gradwitness.frameworks.Unavailable where the framework or the device is not there; whatever goes wrong with
        the place, at the first call, and NotTimed at every further one, and where it is known to break (`sizes.BROKEN`).
        """
        if place in self._refused:
            raise NotTimed(self._refused[place])
        if place in self._prepared:
            return self._prepared[place]
        self._make_room(place)
        if place.implementation != REFERENCE:
            self.begin(place.implementation)
        phases = self.plan.phases_of(place.model)
        expected = BROKEN.get((place.model, str(place.implementation))) if "step" in phases else None
        try:
            prepared = prepare(place, phases)
        except Exception as error:
            self._refused[place] = self.results.differ[str(place)] = str(error).partition("\n")[0] or type(error).__name__
            if expected and expected in str(error):
                raise NotTimed(self._refused[place]) from error
            raise
        assert expected is None, f"{place} is said to break with {expected!r}, and runs: take it out of benchmarks/sizes.py"
        self._prepared[place] = prepared
        kept = ("build", "to_device", "from_device", "first", "steady", "worst")
        self.results.preparation[place.model, place.size][place.implementation] = {name: getattr(prepared, name) for name in kept}
        return prepared

    def begin(self, who: Implementation) -> None:
        """Import a framework, limit its threads and use it for the first time, unless that has been done.

        Raises gradwitness.frameworks.Unavailable where it or the device is not there; fails instead, once, where it must be.
        """
        if who in self.results.not_run:
            raise frameworks.Unavailable(self.results.not_run[who])
        try:
            self.results.imports[who.framework] = load(who.framework, self.results.count)[1]
            self.results.starts[who] = start(who, self.results.count)
        except frameworks.Unavailable as reason:
            self.results.not_run[who] = str(reason)
            if who.framework in self.required:
                pytest.fail(f"--require-adapter {who.framework}: {reason}", pytrace=False)
            raise

    def _make_room(self, place: Place) -> None:
        if any((other.model, other.size) != (place.model, place.size) for other in self._prepared):
            self._prepared.clear()
            gc.collect()

    def time(self, benchmark: Any, function: Callable[[], Any], rounds: int, iterations: int) -> tuple[list[float], float]:
        """Seconds per call of each round, by pytest-benchmark; and how many processors were at work.

        Fails where they are more than the threads that were allowed. No rounds where pytest-benchmark is disabled.
        """
        with threads.Share() as share:
            benchmark.pedantic(function, rounds=rounds, iterations=iterations, warmup_rounds=1)
        benchmark.extra_info |= {"cpu_per_wall": share.value, "threads": self.results.count}
        if share.value > self.results.count * threads.TOLERANCE:
            pytest.fail(f"{share.value:.2f} processors were at work; {self.results.count} allowed (--threads)", pytrace=False)
        return list(benchmark.stats.stats.data) if benchmark.stats else [], share.value
