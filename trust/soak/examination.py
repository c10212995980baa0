"""Runs an adapter at a seed of a case, and judges the result.

A seed draws a case's inputs and its cotangent. The adapter's result is judged by the code of the tests. An *alarm* is a
disagreement, or an error, that conformance/known_differences.toml does not record for the cell. At other seeds a recorded
difference has another value, or does not appear. It is run and counted, but its value is not compared with the record. A
recorded limit of accuracy is enforced.

Modes. Each adapter runs in the mode that is customary in its framework: PyTorch eagerly, TensorFlow in a graph, JAX under jit.
A function that is compiled once for all seeds runs twenty times as fast as eagerly.

Perturbed runs. The spread of a verdict is the root mean square of 16 perturbed runs. Whatever the other runs are, the spread
is at least that of the first n times sqrt(n/16). A cell that agrees within K times that bound agrees within K spreads. Its
ratio is then a bound, up to 4 times too large, and no more runs are made. n is 1, then 4. Any other cell is judged by all 16,
as in the tests. (`Unstable`, which only the other runs could raise, is not seen at a cell that agrees by few.)

Kinks. Two right computations can disagree about a gradient where rounding decides on which side of an inner kink a point lies.
The case of an op keeps its inputs away from kinks. Nothing keeps the input of a hidden relu in a model away. Where an adapter
disagrees about a model, `gradwitness.derivative.kinks` says whether the point lies within rounding of a kink. It looks at the
reference's forward only, so a wrong gradient does not change its answer. Such a point is drawn again: seed s becomes s +
1,000,000, and so on. The report counts how often. Models in SMOOTH skip this check: they have no kink, and choose between
forms of one smooth function.

Training runs and real data have no seed, and are not soaked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from conformance.known import Accuracy, Difference, Unsupported, known
from conformance.matrix import DTYPES, Cell, Kind
from conformance.run import RUN, missing, subject
from gradwitness import Disagreement, K, frameworks
from gradwitness.derivative import kinks
from gradwitness.rounding.arithmetic import SAMPLES
from reference import MODELS, OPS, OPTIMIZERS
from trust.soak.results import Block, Outcome, Tally, tallies

TABLES: Mapping[Kind, Mapping[str, Any]] = {"op": OPS, "model": MODELS, "optimizer": OPTIMIZERS}
SMOOTH = frozenset(["gpt"])
"""Models that are made of smooth functions: gelu, softmax, layer_norm. (erf chooses a polynomial by the size of its argument.)"""
FEW = (1, 4)
"""How many perturbed runs are made at first, and how many if those do not decide."""
REDRAWN = 1_000_000
"""Added to the seed of a point to draw it again."""
DRAWS = 20
"""How often a point is drawn at most. If all lie at a kink, the last one is used."""


def mode(adapter: str) -> str:
    """The mode in which an adapter is soaked."""
    return frameworks.spec_of(adapter).customary


def cell(kind: Kind, name: str, case_id: str, dtype: str, adapter: str, seed: int) -> Cell:
    """The cell of an adapter at a seed."""
    return Cell(kind, name, case_id, adapter, dtype, "cpu", mode(adapter), seed)


def run(block: Block) -> list[Tally]:
    """Run every seed of a block with every adapter. Returns a tally for each adapter."""
    found = tallies(block)
    for wanted in range(block.first, block.last):
        for tally in found:
            start = time.process_time()
            seed, outcome = examined(block.kind, block.name, block.case_id, block.dtype, tally.adapter, wanted)
            tally.redrawn += seed != wanted
            tally.add(seed, outcome)
            tally.seconds += time.process_time() - start
    return found


def examined(kind: Kind, name: str, case_id: str, dtype: str, adapter: str, seed: int) -> tuple[int, Outcome]:
    """The outcome of an adapter at a seed, and the seed.

    A model that disagrees within rounding of a kink is examined at the next seed that is not near one.
    """
    outcome = examine(cell(kind, name, case_id, dtype, adapter, seed))
    if outcome.status == "alarm" and (another := drawn(kind, name, case_id, dtype, seed)) != seed:
        return another, examine(cell(kind, name, case_id, dtype, adapter, another))
    return seed, outcome


@lru_cache(maxsize=8)
def drawn(kind: Kind, name: str, case_id: str, dtype: str, seed: int) -> int:
    """The first seed, in steps of REDRAWN, at which a model's point is not within rounding of a kink; after DRAWS, the last."""
    case = next(case for case in TABLES[kind][name].cases if case.id == case_id)
    if kind != "model" or name in SMOOTH or case.kink:
        return seed
    for draw in range(seed, seed + DRAWS * REDRAWN, REDRAWN):
        if not kinks.nearest(subject(MODELS[name], case, draw), dtype).within_rounding:
            break
    return draw


def examine(at: Cell) -> Outcome:
    """Run a cell and judge it. Raises gradwitness.frameworks.Unavailable where the framework is missing."""
    if why := missing(at):
        return Outcome("not run", message=why)
    entry = known(replace(at, mode="eager") if at.kind == "optimizer" else at)  # the tests run optimizers eagerly
    try:
        distances = surely_agreed(at, doubted=not isinstance(entry, Difference)) or _judged(at)
    except Disagreement as found:
        if entry is None or (isinstance(entry, Accuracy) and found.ratio > entry.worst[at.dtype]["ratio"]):
            return Outcome("alarm", found.ratio, found.gradient, str(found))
        return Outcome("known", found.ratio, found.gradient)
    except Exception as error:  # a broken cell is an alarm; the others go on
        if isinstance(entry, Unsupported) and entry.expects(error):
            return Outcome("not run", message=entry.reason)
        return Outcome("alarm", float("inf"), message=f"{type(error).__name__}: {error}")
    result, ratio = max(distances.items(), key=lambda item: item[1])
    return Outcome("agreed", ratio, result)


def surely_agreed(at: Cell, *, doubted: bool = True) -> dict[str, float]:
    """Bounds of the distances where a few perturbed runs prove that a cell agrees; empty where they do not.

    doubted   ignore a disagreement after few runs, which all runs may not confirm; False raises it, for a difference on record
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
    return dict(evidence.judge(results))


def cases(ops: Sequence[str], dtypes: Sequence[str]) -> Iterator[tuple[Kind, str, str, str]]:
    """Kind, name, case and dtype of what is soaked; of the ops and dtypes named, or of all."""
    for kind, table in TABLES.items():
        for name, op in table.items():
            for case in op.cases if not ops or name in ops else ():
                for dtype in dtypes or DTYPES:
                    yield kind, name, case.id, dtype
