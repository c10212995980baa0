"""From which size an implementation is faster than NumPy, how its cost grows, and after how many calls a compilation has paid.

Everything here is computed from the cells of one result. A size is the number that is swept: a width, a batch, a depth, a length.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.store import Cell

GROWING = 3
"""Points at the end of a sweep from which its exponent is taken: small sizes cost what a call costs."""


@dataclass(frozen=True)
class Who:
    """An implementation, as one line of a figure."""

    framework: str
    mode: str
    device: str
    precision: str = "float32"
    usual: bool = True

    def __str__(self) -> str:
        name = "NumPy" if self.framework == "numpy" else f"{self.framework} {self.mode}"
        on = "" if self.device == "cpu" else f" on {self.device}"
        return name + on + ("" if self.precision == "float32" else f" in {self.precision}")


REFERENCE = Who("numpy", "eager", "cpu")


@dataclass(frozen=True)
class Sweep:
    """What is drawn as one figure: a model, what is swept, a phase, and how many threads.

    lines   who -> its cells by growing size
    """

    model: str
    sweep: str
    phase: str
    threads: int
    lines: dict[Who, list[Cell]]

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        return f"{self.model}, {self.phase}, {threads}, by {self.sweep}"

    def reference_at(self, number: int) -> Cell | None:
        """NumPy's cell at a size."""
        return next((cell for cell in self.lines.get(REFERENCE, ()) if cell.number == number), None)

    def ratios(self, who: Who) -> list[Ratio]:
        """Time against NumPy's, at each size that both have."""
        pairs = ((cell, self.reference_at(cell.number)) for cell in self.lines[who])
        return [
            Ratio(cell.number, cell.median / one.median, cell.low / one.high, cell.high / one.low)
            for cell, one in pairs
            if one is not None
        ]


@dataclass(frozen=True)
class Ratio:
    """Time against NumPy's at a size, with an interval from the ends of both intervals."""

    number: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Crossover:
    """The size from which an implementation is faster than NumPy, to the end of the sweep.

    number      where the line through the medians crosses 1, between two sizes; None if it does not
    earliest    the size from which it may be faster, within the intervals; None if none
    certain     the size from which it is faster beyond them; None if none
    beginning   whether it is faster from the first size on
    """

    number: float | None
    earliest: int | None
    certain: int | None
    beginning: bool = False

    def __str__(self) -> str:
        if self.number is None:
            return "slower at every size" if self.earliest is None else f"not told apart from {self.earliest} on"
        certain = f"; beyond the spread from {self.certain}" if self.certain is not None else "; not beyond the spread"
        about = float(f"{self.number:.3g}")
        return ("faster at every size" if self.beginning else f"faster from about {about:,.5g}") + certain


def sweeps_of(cells: Sequence[Cell]) -> list[Sweep]:
    """The sweeps of a result. Cells that do not wait for their result are left out."""
    groups: dict[tuple[str, str, str, int], dict[Who, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        if cell.synchronised:
            who = Who(cell.framework, cell.mode, cell.device, cell.precision, cell.usual)
            groups[cell.model, cell.sweep, cell.phase, cell.threads][who].append(cell)
    return [
        Sweep(*key, {who: sorted(line, key=lambda cell: cell.number) for who, line in lines.items()})
        for key, lines in groups.items()
    ]


def crossover(ratios: Sequence[Ratio]) -> Crossover:
    """Where the ratios fall below 1 for good."""
    earliest, certain = _from([r.low for r in ratios], ratios), _from([r.high for r in ratios], ratios)
    start = _from([r.value for r in ratios], ratios)
    if start is None:
        return Crossover(None, earliest, certain)
    before = [ratio for ratio in ratios if ratio.number < start]
    if not before:
        return Crossover(float(start), earliest, certain, beginning=True)
    above, below = before[-1], next(ratio for ratio in ratios if ratio.number == start)
    share = math.log(above.value) / (math.log(above.value) - math.log(below.value))
    number = math.exp(math.log(above.number) + share * (math.log(below.number) - math.log(above.number)))
    return Crossover(number, earliest, certain)


def _from(values: Sequence[float], ratios: Sequence[Ratio]) -> int | None:
    """The size from which all values are below 1."""
    first = None
    for value, ratio in zip(reversed(values), reversed(ratios), strict=True):
        if value >= 1:
            break
        first = ratio.number
    return first


def exponent(line: Sequence[Cell]) -> tuple[float, float, float] | None:
    """b in time = a size^b over the last sizes: fitted, and the least and the largest between two neighbours.

    None where there are too few sizes.
    """
    last = line[-GROWING:]
    if len(last) < GROWING:
        return None
    points = [(math.log(cell.number), math.log(cell.median)) for cell in last]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    between = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    return slope, min(between), max(between)


def paid_after(cell: Cell, other: Cell) -> int | None:
    """After how many calls compiling has cost less than it saved, against another implementation; None where it never does."""
    if cell.compile_s is None or cell.median >= other.median:
        return None
    return math.ceil(cell.compile_s / (other.median - cell.median))
