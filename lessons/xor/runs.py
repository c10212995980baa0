"""The XOR lesson's runs: one setting of the network, in every implementation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from conformance import loops
from conformance.recipes import RECIPES, Recipe
from gradwitness.arrays import Array, wider
from gradwitness.rounding.arithmetic import Unstable, measure
from lessons.columns import SAMPLES, History, Watch, complete, fill_columns, run
from reference.models.two_layer import XOR_Y, xor_params

LOSS = {"bce": "binary_cross_entropy", "mse": "mse"}


@dataclass(frozen=True)
class Setting:
    """One training run: network, start, rate, length and loss ("bce" or "mse")."""

    hidden: int
    seed: int
    rate: float
    epochs: int
    loss: str

    def __str__(self) -> str:
        return f"{self.hidden} hidden unit{'s' if self.hidden > 1 else ''}"

    @property
    def recipe(self) -> Recipe:
        """What is run."""
        return replace(
            RECIPES["xor"],
            start=lambda: (xor_params(self.seed, self.hidden), {}),
            hyper={"lr": self.rate},
            steps=self.epochs,
            config={"loss": LOSS[self.loss]},
        )

    def wider(self) -> Setting:
        """What to try where this one does not learn: eight hidden units, or else twice as many."""
        return replace(self, hidden=8 if self.hidden < 8 else 2 * self.hidden)

    def single(self) -> Setting:
        """The same with the rate rounded to float32, as a framework may keep it."""
        with np.errstate(over="ignore"):
            return replace(self, rate=float(np.float32(self.rate)))


def right(history: History) -> Array:
    """Which final predictions are on the right side of 0.5, (4,) of bool; 0.5 itself is on neither."""
    final = history.final.ravel()
    return np.where(XOR_Y.ravel() > 0.5, final > 0.5, final < 0.5)


def learned(history: History) -> bool:
    """Whether all four are."""
    return bool(right(history).all())


@dataclass
class Outcome:
    """A setting in every implementation that could run it, filled in as the runs end.

    missing   column -> why there is none
    spread    how far rounding alone moves the reference's losses and predictions; None until measured
    rounded   the reference at the rate rounded to float32, where that is another rate
    """

    setting: Setting
    columns: dict[str, History] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    spread: float | None = None
    rounded: History | None = None


def fill(outcome: Outcome, names: Iterable[str], watch: Watch, threads: int = 1) -> None:
    """Run a setting in every column, and measure what rounding alone does to it.

    Raises KeyboardInterrupt after Ctrl-C; what is done by then is in outcome.
    """
    setting = outcome.setting
    recipe, single = setting.recipe, setting.single()

    def perturbed(lift: Callable[[Array], Array]) -> list[Array]:
        loop = loops.reference(recipe, np.float64, lift, wider(np.float64))
        history = complete(run(loop, setting.epochs, watch("measuring what rounding does")), setting.epochs)
        return [history.losses, history.initial.ravel(), history.final.ravel()]

    fill_columns(recipe, np.float64, names, outcome.columns, outcome.missing, watch, setting, threads)
    if len(outcome.columns) > 1:
        if single != setting:
            outcome.rounded = complete(run(loops.reference(single.recipe), setting.epochs), setting.epochs)
        try:  # the largest spread of a whole path is steady enough
            spreads = measure(perturbed, np.float64, seed=setting.seed, samples=SAMPLES, stacked=True)
            outcome.spread = max(float(measured.spread.max()) for measured in spreads)
        except Unstable:
            outcome.spread = math.inf
