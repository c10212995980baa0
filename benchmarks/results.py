"""What a run has measured so far: pooled over passes, related to the reference, written so that an interrupt loses nothing."""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.plan import REFERENCE, Implementation
from benchmarks.sizes import PEERS
from conformance import threads
from conformance.machine import describe_machine
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

    def as_json(self) -> dict[str, Any]:
        """For a file: numbers in seconds."""
        return {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_machine(),
            "devices": device_names(),
            "versions": self.versions(),
            "threads": {"each": self.count, "processors": self.processors, "in_use": threads.in_use()},
            "timings": [self._timing(group, who) for group, row in self.samples.items() for who in row],
            "preparation": [
                {"model": model, "size": size, "implementation": str(who), **taken}
                for (model, size), row in self.preparation.items() for who, taken in row.items()
            ],
            "imports": self.imports,
            "first_use": {str(who): seconds for who, seconds in self.starts.items()},
            "costs": {name: _numbers(sample) for name, sample in self.costs.items()},
            "not_run": {str(who): reason for who, reason in self.not_run.items()},
            "differ": self.differ,
            "notes": self.notes,
        }  # fmt: skip

    def _timing(self, group: Group, who: Implementation) -> dict[str, Any]:
        ratio = self.ratio(group, who)
        return {
            "model": group[0], "size": group[1], "phase": group[2], "implementation": str(who),
            **_numbers(self.samples[group][who]),
            "ratio": ratio and ratio[0], "ratio_spread": ratio and ratio[1],
        }  # fmt: skip


def _numbers(sample: Sample) -> dict[str, Any]:
    first, third = sample.quartiles
    return {
        "median": sample.median, "first_quartile": first, "third_quartile": third, "rounds": len(sample.seconds),
        "cpu_per_wall": max(sample.shares, default=None),
    }  # fmt: skip


def device_names() -> list[str]:
    """The GPUs that a loaded framework sees."""
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if (jax := sys.modules.get("jax")) and "cuda" in frameworks.load("jax").devices():
        return [device.device_kind for device in jax.devices("cuda")]
    return []


def save(results: Results, text: str, folder: Path) -> Path:
    """Write <device or processor>.json and .txt, each whole or not at all; returns the path of the latter."""
    name = re.sub(r"[^a-z0-9]+", "-", (device_names() or [describe_machine()["processor"]])[0].lower()).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in ((".json", json.dumps(results.as_json(), indent=1) + "\n"), (".txt", text)):
        path = folder / (name + suffix)
        unfinished = path.with_suffix(f"{suffix}.{os.getpid()}")
        unfinished.write_text(content)
        unfinished.replace(path)
    return path
