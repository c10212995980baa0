"""What a run has measured so far: pooled over passes, related to the reference."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from benchmarks import peers
from benchmarks.plan import REFERENCE, Implementation
from benchmarks.sizes import PEERS
from gradwitness import frameworks

Group = tuple[str, str, str]


@dataclass
class Sample:
    """All rounds of one implementation over one group, in seconds per call, and CPU seconds per second of each pass."""

    seconds: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of all rounds of all passes."""
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third."""
        if len(self.seconds) == 1:
            return self.seconds[0], self.seconds[0]
        first, _, third = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return first, third

    @property
    def spread(self) -> float:
        """Half the interquartile range, as a fraction of the median."""
        first, third = self.quartiles
        return (third - first) / 2 / self.median


@dataclass
class Results:
    """Everything that the closing section shows."""

    count: int
    """Threads each."""
    samples: dict[Group, dict[Implementation, Sample]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sample)))
    preparation: dict[tuple[str, str], dict[Implementation, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    imports: dict[str, float] = field(default_factory=dict)
    starts: dict[Implementation, float] = field(default_factory=dict)
    """Seconds for importing each framework, and for using each of its modes for the first time."""
    not_run: dict[Implementation, str] = field(default_factory=dict)
    differ: dict[str, str] = field(default_factory=dict)
    """Place -> why it was not timed."""
    costs: dict[str, Sample] = field(default_factory=lambda: defaultdict(Sample))
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What -> two costs, the first of which contains the second."""
    notes: list[str] = field(default_factory=list)
    processors: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.samples, self.preparation, self.not_run, self.differ, self.costs, self.notes))

    @property
    def implementations(self) -> list[Implementation]:
        """Those that were timed, in the order of their first timing."""
        return list(dict.fromkeys(who for row in self.samples.values() for who in row))

    def ratio(self, group: Group, who: Implementation) -> tuple[float, float] | None:
        """The median against the reference's, and its spread: that of both, in quadrature. None where one was not timed."""
        row = self.samples[group]
        if who not in row or REFERENCE not in row:
            return None
        mine, reference = row[who], row[REFERENCE]
        return mine.median / reference.median, (mine.spread**2 + reference.spread**2) ** 0.5

    def versions(self) -> dict[str, str]:
        """Python, NumPy and the frameworks that are loaded."""
        said = {"python": sys.version.split()[0]}
        for name in frameworks.specs():
            if name == "numpy" or f"gradwitness.frameworks.{name}" in sys.modules:
                label, version = frameworks.load(name).version().split()
                said[label] = version
        return said | {name: peers.version(name) for name in PEERS if name in sys.modules}


def device_names() -> list[str]:
    """The GPUs that a loaded framework sees."""
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if (jax := sys.modules.get("jax")) and "cuda" in frameworks.load("jax").devices():
        return [device.device_kind for device in jax.devices("cuda")]
    return []
