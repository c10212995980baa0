"""A recipe in every implementation, and what rounding alone does to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from conformance import loops
from conformance.recipes import Recipe
from gradwitness.arrays import Array, wider
from gradwitness.rounding.arithmetic import Measured, Unstable, measure
from gradwitness.verdict import Disagreement, K, judge
from lessons.columns import SAMPLES, Columns, History, Watch, complete, run
from lessons.train.definitions import Definitions, definitions
from lessons.witness import Statement, examine
from reference.case import seed

DEAR = 5.0
"""Seconds of the reference's own run. If it takes longer, rounding is measured only on demand: perturbed runs take far longer."""
SIGHT = 0.01
"""Where rounding may move a loss by more than this share of it, an agreement says nothing."""


@dataclass(frozen=True)
class Rounding:
    """How far rounding alone moves each loss (steps + 1,), at most up to there; and the outputs on the test set afterwards."""

    losses: Array
    outputs: Array


@dataclass
class Comparison:
    """A recipe in every implementation that can run it, filled in as the runs end.

    own         column -> the framework's own definitions, where they differ from the reference's
    defined     column -> the reference's run under them
    rounding    None if it is not measured
    statement   what witnesses say of the path at the start; None if they were not asked
    """

    name: str
    recipe: Recipe
    dtype: str
    columns: Columns = field(default_factory=Columns)
    own: dict[str, Definitions] = field(default_factory=dict)
    defined: dict[str, History] = field(default_factory=dict)
    rounding: Rounding | None = None
    statement: Statement | None = None

    @property
    def history(self) -> History:
        """The reference's run."""
        return self.columns.runs["numpy"]

    def truth(self, column: str) -> History:
        """What a column is compared with: the reference's run under the column's own definitions."""
        return self.defined.get(column, self.history)

    def score(self, history: History) -> float:
        """The recipe's score after a run."""
        return self.recipe.score(history.final, self.recipe.test()[1])

    @property
    def points(self) -> range:
        """Before which updates losses and scores are shown: ten at most."""
        return range(0, self.recipe.steps, max(1, math.ceil(self.recipe.steps / 10)))

    def scores(self, history: History) -> dict[int, float]:
        """The recipe's score along a run: number of updates -> the score after so many."""
        targets = self.recipe.test()[1]
        return {step: self.recipe.score(outputs, targets) for step, outputs in history.outputs.items()}

    @property
    def reach(self) -> int:
        """How many losses can be compared before rounding hides them."""
        losses = self.history.losses
        if self.rounding is None:
            return len(losses)
        blind = K * self.rounding.losses > SIGHT * np.abs(losses)
        return int(blind.argmax()) if blind.any() else len(blind)

    def within_rounding(self, column: str) -> bool:
        """The project's verdict on a column: on its losses as far as they can be compared, and on its outputs if all can."""
        if self.rounding is None:
            raise ValueError("what rounding does has not been measured")
        ours, theirs = self.truth(column), self.columns.runs[column]
        n = min(self.reach, common(theirs, ours))
        try:
            judge("losses", theirs.losses[:n], Measured(ours.losses[:n], self.rounding.losses[:n]), self.dtype)
            if n == len(self.rounding.losses):
                judge("outputs", theirs.final, Measured(ours.final, self.rounding.outputs), self.dtype)
        except Disagreement:
            return False
        return True

    @property
    def apart(self) -> list[str]:
        """The frameworks that lie further from the reference than rounding explains."""
        return [] if self.rounding is None else [name for name in self.columns.others if not self.within_rounding(name)]

    @property
    def kinks_may_part(self) -> bool:
        """Whether honest runs in this dtype may part at a kink. The recipe is not compared step by step there."""
        return self.recipe.judged is not None and self.dtype not in self.recipe.judged

    @property
    def failed(self) -> bool:
        """Whether an op on the path is wrong, or implementations differ and nothing explains it."""
        wrong = self.statement is not None and self.statement.wrong is not None
        return wrong or bool(self.apart and not self.kinks_may_part)

    def fill(self, names: Iterable[str], measured: bool | None, watch: Watch, threads: int) -> None:
        """Train in each of these columns; then the reference under other definitions, and under Monte Carlo arithmetic.

        measured   whether rounding is measured. None: if there is something to compare and the reference's run is short

        Where columns differ and rounding does not explain it, witnesses look at the ops on the path.
        Raises KeyboardInterrupt after Ctrl-C. What is done by then is kept.
        """
        recipe = self.recipe
        self.columns.fill(recipe, self.dtype, names, watch, threads, predict=self.points)
        known: dict[str, History] = {}
        for column in self.columns.others:
            if own := definitions(recipe, column):
                if str(own) not in known:
                    loop = loops.reference(own.apply(recipe), self.dtype)
                    history = run(loop, recipe.steps, watch(f"numpy: training as {column} defines it"))
                    known[str(own)] = complete(history, recipe.steps)
                self.own[column], self.defined[column] = own, known[str(own)]
        if measured or (measured is None and self.columns.others and sum(self.history.seconds) < DEAR):
            self.rounding = measured_rounding(self, watch)
        if self.apart:
            watch("numpy: numerical differentiation looks at the path")
            self.statement = examine(recipe, recipe.start(), next(recipe.batches()), self.apart)


def common(a: History, b: History) -> int:
    """How many losses two runs share. The last loss of a run that was broken off is of another batch, and is not one of them."""
    return len(a.losses) if a.steps == b.steps else min(a.steps, b.steps)


def measured_rounding(comparison: Comparison, watch: Watch) -> Rounding:
    """What rounding alone does. For a loss it is the most up to there, which two samples tell better than a single step's."""
    recipe, dtype = comparison.recipe, comparison.dtype

    def perturbed(lift: Callable[[Array], Array]) -> list[Array]:
        loop = loops.reference(recipe, dtype, lift, wider(dtype))
        history = complete(run(loop, recipe.steps, watch("numpy: measuring what rounding does")), recipe.steps)
        return [history.losses, history.final[None]]

    try:
        losses, outputs = measure(perturbed, dtype, seed=seed("lesson", comparison.name), samples=SAMPLES, stacked=True)
    except Unstable:
        return Rounding(np.full(recipe.steps + 1, np.inf), np.full(comparison.history.final.shape, np.inf))
    return Rounding(np.maximum.accumulate(losses.spread.astype(np.float64)), outputs.spread[0])
