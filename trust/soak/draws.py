"""The soak: every case of every op, model and optimizer at many seeds, where nothing may disagree.

    python -m trust soak [--seeds 1000] [--minutes 30] [--op NAME] [--adapter NAME] [--dtype NAME]

A seed draws a case's inputs and its cotangent anew; what the adapter returns is judged as in the tests, by the same code. An
*alarm* is a disagreement, or an error, that conformance/known_differences.toml does not record for the cell. At other seeds a
recorded difference has another value, or does not appear (a tie need not be drawn again): it is run and counted. Only where the
file gives a limit of accuracy is it held to that.

Modes. Each adapter runs in the mode that is customary in its framework, for what is compiled once for all seeds runs twenty
times as fast as eagerly: PyTorch eagerly, TensorFlow in a graph, JAX under jit.

Perturbed runs. The spread of a verdict is the root mean square of 16 of them, and dear. Whatever the others are, it is no less
than that of the first n times sqrt(n/16). A cell that agrees within K of that agrees within K of the spread, and no more is
measured: its ratio is then a bound, up to 4 times too large. n is 1, then 4; any other cell is judged by all 16, as in the
tests. (What only the other runs could raise, `Unstable`, is not seen at a cell that agrees so.)

Kinks. Two honest computations disagree about the gradient where rounding decides on which side of an inner kink a point lies.
The inputs of an op's case are kept away from its kinks by the case; what a hidden relu is given, nobody chooses. Where an adapter
disagrees about a model, `gradwitness.derivative.kinks` says whether the point lies within rounding of one. It looks at the
reference's forward alone, so a wrong gradient does not change its answer. If the point does, nobody can be told wrong there, and
it is drawn again: seed s becomes s + 1,000,000, and so on, until none is near. The report counts how often. Models in SMOOTH
skip this check: they have no kink, and decide between forms of the same smooth function at every point.

Not soaked are training runs and real data, which have no seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from conformance.known import Accuracy, Difference, Unsupported, known
from conformance.matrix import DTYPES, Cell
from conformance.run import RUN, missing, subject
from gradwitness import Disagreement, K, frameworks
from gradwitness.derivative import kinks
from gradwitness.rounding.arithmetic import SAMPLES
from reference import MODELS, OPS, OPTIMIZERS
from trust.soak.tally import Block, Outcome, Tally

TABLES: Mapping[str, Mapping[str, Any]] = {"op": OPS, "model": MODELS, "optimizer": OPTIMIZERS}
SMOOTH = frozenset(["gpt"])
"""Models of smooth functions alone: gelu, softmax, layer_norm. Its erf chooses a polynomial by where its argument lies."""
FEW = (1, 4)
"""Perturbed runs that are made first, and then."""
REDRAWN = 1_000_000
"""What is added to the seed of a point that is drawn again."""
DRAWS = 20
"""How often a point is drawn before the case is reported as one that lies at a kink whatever is drawn."""


def mode(adapter: str) -> str:
    """The mode in which an adapter is soaked."""
    return frameworks.spec_of(adapter).customary


def cell(kind: Any, name: str, case_id: str, dtype: str, adapter: str, seed: int) -> Cell:
    """The cell of an adapter at a seed."""
    return Cell(kind, name, case_id, adapter, dtype, "cpu", mode(adapter), seed)


def run(block: Block) -> list[Tally]:
    """Every seed of a block by every adapter; a tally each."""
    tallies = [Tally(*of, a, block.first, block.last) for of in [_case(block)] for a in block.adapters]
    for wanted in range(block.first, block.last):
        for tally in tallies:
            start = time.process_time()
            seed, outcome = examined(*_case(block), tally.adapter, wanted)
            tally.redrawn += seed != wanted
            tally.add(seed, outcome)
            tally.seconds += time.process_time() - start
    return tallies


def examined(kind: str, name: str, case_id: str, dtype: str, adapter: str, seed: int) -> tuple[int, Outcome]:
    """What an adapter comes to at a seed; of a model that disagrees within rounding of a kink, at the next that is not. And which
    seed that is.
    """
    outcome = examine(cell(kind, name, case_id, dtype, adapter, seed))
    if outcome.status == "alarm" and (another := drawn(kind, name, case_id, dtype, seed)) != seed:
        return another, examine(cell(kind, name, case_id, dtype, adapter, another))
    return seed, outcome


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
    if why := missing(at):
        return Outcome("not run", message=why)
    entry = known(replace(at, mode="eager") if at.kind == "optimizer" else at)  # in which the tests run optimizers
    try:
        distances = surely_agreed(at, doubted=not isinstance(entry, Difference)) or _judged(at)
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


def surely_agreed(at: Cell, *, doubted: bool = True) -> dict[str, float]:
    """Bounds of the distances, where a few perturbed runs show that a cell agrees whatever the others were; else nothing.

    doubted   whether a disagreement after few runs may be none after all; raises it if not: what is on record is only counted
    """
    for few in FEW:
        bound = math.sqrt(SAMPLES / few)
        try:
            found = _judged(at, few)
        except Disagreement:
            if doubted:
                continue
            raise
        if bound * max(found.values()) <= K:
            return {name: bound * ratio for name, ratio in found.items()}
    return {}


def _judged(at: Cell, samples: int = SAMPLES) -> dict[str, float]:
    evidence, results = RUN[at.kind](at, samples)
    return evidence.judge(results)


def cases(ops: Sequence[str], dtypes: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Kind, name, case and dtype of what is soaked; of the ops and dtypes named, or of all."""
    for kind, table in TABLES.items():
        for name, of in table.items():
            for case in of.cases if not ops or name in ops else ():
                for dtype in dtypes or DTYPES:
                    yield kind, name, case.id, dtype
