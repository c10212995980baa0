"""The result file of `python -m benchmarks run`: its fields, its name, and reading and writing it.

A result is one JSON object, `"format": 2`. Its fields are those of `Result`; every cell of `cells` has the fields of `Cell`. All
times are in seconds, all sizes of memory in bytes. None stands for what was not measured or does not exist: an eager mode has no
time to compile.

Files are named `<machine>_<YYYY-MM-DD>T<HHMM>_<commit>[_<choice>].json` and are never overwritten: a second one of the same
minute gets `_2` at its end. They are in `.benchmarks/results`, which git ignores, and with `--keep` in `benchmarks/results`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

FORMAT = 2
ROOT = Path(__file__).parent.parent
SCRATCH = ROOT / ".benchmarks" / "results"
KEPT = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Machine:
    """Where it ran.

    processor    the processor's name as the system gives it
    processors   how many this process may use
    memory_gib   the machine's memory
    system       "Linux"
    devices      names of GPUs, empty where there is none
    """

    processor: str
    processors: int
    memory_gib: float
    system: str
    devices: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The GPU's name, or else the processor's, as a part of a file's name."""
        return re.sub(r"[^a-z0-9]+", "-", (self.devices or [self.processor])[0].lower()).strip("-") or "machine"


@dataclass(frozen=True)
class Product:
    """The rate of one large matrix product, in 10^9 operations a second, a multiplication and an addition being two.

    gflops, low, high   the median over rounds and its 95% interval
    dtype               "float32", "tf32" or "bfloat16"
    """

    threads: int
    dtype: str
    gflops: float
    low: float
    high: float
    device: str = "cpu"


@dataclass(frozen=True)
class Bandwidth:
    """How fast memory is read and written, in 2^30 bytes a second, over arrays that no cache holds."""

    threads: int
    gib_per_s: float
    device: str = "cpu"


@dataclass(frozen=True)
class Limits:
    """What the machine can do at most, measured in the same run."""

    matmul: list[Product] = field(default_factory=list)
    bandwidth: list[Bandwidth] = field(default_factory=list)


@dataclass(frozen=True)
class Control:
    """The reference timed as two implementations, in the same interleaved rounds: on a quiet machine their ratio is 1.

    low, high   its 95% interval. trusted: whether that contains 1
    """

    ratio: float
    low: float
    high: float
    trusted: bool


@dataclass(frozen=True)
class Cell:
    """One phase of one implementation of one network at one size.

    model, size       name of the network, and its size in words: "256x256x512"
    sweep, number     which part of the size is swept: "batch", "width", "depth", "length" (of a sequence); and its value here
    phase             "forward", "forward+backward", or "step", a training step
    framework, mode   "numpy" is the reference; peers ("autograd", "mygrad") are frameworks, too
    device            "cpu" or "cuda"
    precision         "float32", "tf32" or "bfloat16"; results were verified in it before they were timed
    threads           how many the implementation may use on the CPU
    rounds            seconds per call of each interleaved round, in order; waiting for the result included
    median, low, high over the rounds, and the bootstrap 95% interval of the median
    warm              rounds before the first that counts
    first_s           the first call: tracing and compiling, where there is any, and one run
    compile_s         first_s less a steady call; None for eager modes and the reference
    to_device_s       the batch to the device; from_device_s: loss and gradients back to NumPy
    peak_bytes        the most memory beyond what was there before the model was built; None where it was not measured
    flops, bytes      counted from the network (benchmarks/counts): operations of one call, and bytes that it moves at least
    usual             False for eager JAX and eager TensorFlow: not how they are used
    synchronised      False for the control cells on GPUs, which do not wait for the result: no measurement of speed
    """

    model: str
    sweep: str
    number: int
    size: str
    phase: str
    framework: str
    mode: str
    device: str
    precision: str
    threads: int
    rounds: list[float]
    median: float
    low: float
    high: float
    warm: int
    first_s: float
    compile_s: float | None = None
    to_device_s: float | None = None
    from_device_s: float | None = None
    peak_bytes: int | None = None
    flops: int | None = None
    bytes: int | None = None
    usual: bool = True
    synchronised: bool = True


@dataclass
class Result:
    """A run.

    machine             where
    commit, dirty       the checkout, and whether a tracked file had changes that are in no commit
    started, finished   ISO 8601, UTC
    versions            name -> version: python, numpy, the frameworks, the peers
    choice              "quick", "default", "full" or "gpu"
    limits, control     see `Limits`, `Control`; control is None where none was run
    cells               see `Cell`
    notes               sentences that a reader must know
    not_run             cell or group of cells -> why it was not run
    differ              cell -> how its result disagreed with the reference; it was not timed
    """

    machine: Machine
    commit: str
    dirty: bool
    started: str
    finished: str
    versions: dict[str, str]
    choice: str
    limits: Limits = field(default_factory=Limits)
    control: Control | None = None
    cells: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    differ: dict[str, str] = field(default_factory=dict)


def load(path: Path) -> Result:
    """The result in a file. Raises ValueError, with the file's name, where it is no result of this format."""
    try:
        return from_json(json.loads(path.read_text()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: no result of `python -m benchmarks run`: {error}") from error


def from_json(told: Mapping[str, Any]) -> Result:
    """What `as_json` gave. Raises ValueError for another format, TypeError or KeyError for missing or unknown fields."""
    if told.get("format") != FORMAT:
        raise ValueError(f"format {told.get('format')!r} came; wanted {FORMAT}")
    parts: dict[str, Any] = {key: value for key, value in told.items() if key != "format"}
    limits = parts.get("limits", {})
    parts["machine"] = Machine(**parts["machine"])
    parts["limits"] = Limits(
        [Product(**each) for each in limits.get("matmul", ())], [Bandwidth(**each) for each in limits.get("bandwidth", ())]
    )
    parts["control"] = Control(**parts["control"]) if parts.get("control") else None
    parts["cells"] = [Cell(**each) for each in parts.get("cells", ())]
    if unknown := parts.keys() - {each.name for each in fields(Result)}:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    return Result(**parts)


def as_json(result: Result) -> dict[str, Any]:
    """The result as plain data, with its format."""
    return {"format": FORMAT, **asdict(result)}


def name(result: Result) -> str:
    """The file's name, without what makes a second one of the same minute different."""
    parts = [result.machine.slug, result.started[:16].replace(":", ""), result.commit[:7]]
    return "_".join([*parts, *([result.choice] if result.choice != "default" else [])])


def save(result: Result, folder: Path = SCRATCH) -> Path:
    """Write a new file and return its path. No file is overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(result), indent=1) + "\n"
    for path in _names(folder, name(result)):
        try:
            with path.open("x") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise AssertionError("endless names ended")


def _names(folder: Path, stem: str) -> Iterable[Path]:
    number = 1
    while True:
        yield folder / f"{stem}{f'_{number}' if number > 1 else ''}.json"
        number += 1
