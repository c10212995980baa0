"""The soak: every case of every op, model and optimizer at many seeds, where nothing may disagree.

    python -m trust soak [--seeds 1000] [--minutes 30] [--op NAME] [--adapter NAME] [--dtype NAME]

A seed draws a case's inputs and its cotangent anew; what the adapter returns is judged as in the tests, by the same code. An
*alarm* is a disagreement, or an error, that adapters/known_differences.toml does not record for the cell. A recorded difference
is at other seeds than its own another number, if it is one at all (a tie need not be drawn again): it is run, and counted, and
only where the file gives a limit of accuracy is it held to that.

Modes. Each adapter runs in the mode that is customary in its framework, for a compiled op is compiled once for all seeds and
then runs twenty times as fast as eagerly: PyTorch eagerly, TensorFlow in a graph, JAX under jit. Keras's models, which are built
anew with each seed's parameters, run eagerly, and so do optimizers.

Kinks. Two honest computations disagree about the gradient where rounding decides on which side of an inner kink a point lies.
The inputs of an op's case are kept away from its kinks by the case; what a hidden relu is given, nobody chooses. A model's point
that `gradwitness.kinks` finds within rounding of a kink is therefore drawn again, before any adapter has seen it and in each
dtype by itself: seed s becomes s + 1,000,000, and so on. The report counts how often. Nothing is drawn again because it failed.
Of a model in SMOOTH nobody asks: it has no kink, and decides between forms of the same smooth function at every point.

Not soaked are training runs and real data, which have no seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import adapters
from gradwitness import Disagreement, frameworks, kinks
from reference import MODELS, OPS, OPTIMIZERS
from tests.known import Accuracy, Unsupported, known
from tests.matrix import DTYPES, Cell
from tests.run import RUN, subject

Status = Literal["agreed", "known", "not run", "alarm"]

TABLES: Mapping[str, Mapping[str, Any]] = {"op": OPS, "model": MODELS, "optimizer": OPTIMIZERS}
SMOOTH = frozenset(["gpt"])
"""Models of smooth functions alone: gelu, softmax, layer_norm. Its erf chooses a polynomial by where its argument lies."""
REDRAWN = 1_000_000
"""What is added to the seed of a point that is drawn again."""
DRAWS = 20
"""How often a point is drawn before the case is reported as one that lies at a kink whatever is drawn."""


@dataclass(frozen=True)
class Outcome:
    """What a cell came to at its seed.

    ratio, result   the worst distance in units of spread, and of which result
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

    def add(self, seed: int, outcome: Outcome) -> None:
        """One seed."""
        self.count[outcome.status] = self.count.get(outcome.status, 0) + 1
        if outcome.status == "agreed" and outcome.ratio >= self.worst[0]:
            self.worst = (outcome.ratio, outcome.result, seed)
        if outcome.status == "alarm":
            self.alarms[str(seed)] = outcome.message
        if outcome.status == "not run" and outcome.message not in self.reasons:
            self.reasons.append(outcome.message)


def mode(kind: str, adapter: str) -> str:
    """The mode in which a kind of cell is soaked."""
    eagerly = kind == "optimizer" or (kind == "model" and adapter == "tensorflow")
    return "eager" if eagerly else frameworks.CUSTOMARY[adapter]


def cell(kind: Any, name: str, case_id: str, dtype: str, adapter: str, seed: int) -> Cell:
    """The cell of an adapter at a seed."""
    return Cell(kind, name, case_id, adapter, dtype, "cpu", mode(kind, adapter), seed)


def run(block: Block) -> list[Tally]:
    """Every seed of a block by every adapter; a tally each."""
    tallies = [Tally(*of, a, block.first, block.last) for of in [_case(block)] for a in block.adapters]
    for wanted in range(block.first, block.last):
        seed = drawn(*_case(block), wanted)
        for tally in tallies:
            tally.redrawn += seed != wanted
            tally.add(seed, examine(cell(*_case(block), tally.adapter, seed)))
    return tallies


def _case(block: Block) -> tuple[str, str, str, str]:
    return block.kind, block.name, block.case_id, block.dtype


@lru_cache(maxsize=8)
def drawn(kind: str, name: str, case_id: str, dtype: str, seed: int) -> int:
    """The seed itself, or the first after it, in steps of REDRAWN, at which a model's point is not within rounding of a kink; the
    last of DRAWS where all are.
    """
    case = next(case for case in TABLES[kind][name].cases if case.id == case_id)
    if kind != "model" or name in SMOOTH or case.kink:
        return seed
    for draw in range(seed, seed + DRAWS * REDRAWN, REDRAWN):
        if not kinks.nearest(subject(MODELS[name], case, draw), dtype).within_rounding:
            break
    return draw


def examine(at: Cell) -> Outcome:
    """Run a cell and say what it came to. Raises gradwitness.frameworks.Unavailable where the framework is missing."""
    adapter = adapters.load(at.adapter)
    if why := {**adapter.missing, **adapter.lacking}.get(at.name):
        return Outcome("not run", message=why)
    entry = known(at)
    try:
        evidence, results = RUN[at.kind](at)
        distances = evidence.judge(results)
    except Disagreement as found:
        if entry is None or (isinstance(entry, Accuracy) and found.ratio > entry.worst[at.dtype]["ratio"]):
            return Outcome("alarm", found.ratio, found.gradient, str(found))
        return Outcome("known", found.ratio, found.gradient)
    except Exception as error:  # one broken cell does not cost the other thousands
        if isinstance(entry, Unsupported) and entry.expects(error):
            return Outcome("not run", message=entry.reason)
        return Outcome("alarm", float("inf"), message=f"{type(error).__name__}: {error}")
    result, ratio = max(distances.items(), key=lambda item: item[1])
    return Outcome("agreed", ratio, result)


def replay(tally: Tally, seed: str) -> str:
    """The command that runs one cell at one seed."""
    where = f"--op {tally.name} --case {tally.case_id} --adapter {tally.adapter} --dtype {tally.dtype}"
    return f"python -m trust soak {where} --seed {seed}"


def cases(ops: Sequence[str], dtypes: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Kind, name, case and dtype of what is soaked; of the ops and dtypes named, or of all."""
    for kind, table in TABLES.items():
        for name, of in table.items():
            for case in of.cases if not ops or name in ops else ():
                for dtype in dtypes or DTYPES:
                    yield kind, name, case.id, dtype
