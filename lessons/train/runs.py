"""The runs of `python -m lessons.train`: a recipe in every implementation, and what rounding alone does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import adapters
from conformance import loops
from conformance.recipes import Recipe
from gradwitness.arrays import Array, wider
from gradwitness.rounding.arithmetic import Measured, Unstable, measure
from gradwitness.verdict import Disagreement, K, judge
from lessons.columns import SAMPLES, History, Watch, complete, fill_columns, run
from reference.case import seed

DEAR = 5.0
"""Seconds of the reference's own run beyond which rounding is measured only on demand: its perturbed runs take far longer."""
SIGHT = 0.01
"""Where rounding may move a loss by more than this share of it, an agreement would say nothing."""


@dataclass
class Outcome:
    """A recipe in every implementation that could run it, filled in as the runs end.

    missing   column -> why there is none
    defined   column -> the reference under that framework's own definitions (Keras's epsilon in Adam), where they are others
    spread    how far rounding alone moves each loss (steps + 1,), at most up to there; None if not measured
    """

    name: str
    recipe: Recipe
    dtype: str
    columns: dict[str, History] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    defined: dict[str, History] = field(default_factory=dict)
    spread: Array | None = None

    def truth(self, column: str) -> History:
        """What a column is compared with."""
        return self.defined.get(column, self.columns["numpy"])

    def score(self, history: History) -> float:
        """The recipe's score of a run, after it."""
        return self.recipe.score(history.final, self.recipe.test()[1])

    @property
    def reach(self) -> int:
        """How many losses can be compared before rounding hides them."""
        losses = self.columns["numpy"].losses
        blind = (np.zeros(losses.shape) if self.spread is None else K * self.spread) > SIGHT * np.abs(losses)
        return int(blind.argmax()) if blind.any() else len(blind)

    def within_rounding(self, column: str) -> bool:
        """The project's verdict on a column's losses, as far as they can be compared."""
        if self.spread is None:
            raise ValueError("what rounding does has not been measured")
        n = min(self.reach, common(self.columns[column], self.truth(column)))
        try:
            measured = Measured(self.truth(column).losses[:n], self.spread[:n])
            judge("losses", self.columns[column].losses[:n], measured, self.dtype)
        except Disagreement:
            return False
        return True


def common(a: History, b: History) -> int:
    """How many losses two runs share: not the one after the last update, if one was broken off, for it is of another batch."""
    return len(a.losses) if a.steps == b.steps else min(a.steps, b.steps)


def definitions(recipe: Recipe, column: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The reference's keyword arguments, of the model and of the optimizer, under which it computes what a framework does."""
    adapter = adapters.load(column)
    return adapter.models[recipe.model].conventions, adapter.conventions.get(recipe.optimizer, {})


def fill(outcome: Outcome, names: Iterable[str], rounding: bool | None, watch: Watch, threads: int = 1) -> None:
    """Train in every column; then the reference under other definitions, and under Monte Carlo arithmetic (unless dear, if
    rounding is None).

    Raises KeyboardInterrupt after Ctrl-C; what is done by then is in outcome.
    """
    recipe, columns = outcome.recipe, outcome.columns
    fill_columns(recipe, outcome.dtype, names, columns, outcome.missing, watch, outcome.name, threads)
    known: dict[str, History] = {}
    for column in columns:
        if column == "numpy" or not any(map(bool, definitions(recipe, column))):
            continue
        model, optimizer = definitions(recipe, column)
        changed = replace(recipe, config={**recipe.config, **model}, hyper={**recipe.hyper, **optimizer})
        if (key := repr((model, optimizer))) not in known:
            tick = watch(f"numpy: {outcome.name} as {column} defines it")
            known[key] = complete(run(loops.reference(changed, outcome.dtype), recipe.steps, tick), recipe.steps)
        outcome.defined[column] = known[key]
    if rounding or (rounding is None and sum(columns["numpy"].seconds) < DEAR):
        outcome.spread = measured_spread(outcome, watch)


def measured_spread(outcome: Outcome, watch: Watch) -> Array:
    """How far rounding alone moves each loss (steps + 1,): the most so far, which two samples tell better than the last."""
    recipe = outcome.recipe

    def perturbed(lift: Callable[[Array], Array]) -> list[Array]:
        loop = loops.reference(recipe, outcome.dtype, lift, wider(outcome.dtype))
        tick = watch("measuring what rounding does")
        return [complete(run(loop, recipe.steps, tick), recipe.steps).losses]

    try:
        (losses,) = measure(perturbed, outcome.dtype, seed=seed("lesson", outcome.name), samples=SAMPLES, stacked=True)
    except Unstable:
        return np.full(recipe.steps + 1, np.inf)
    return np.maximum.accumulate(losses.spread.astype(np.float64))
