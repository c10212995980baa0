"""A setting of the XOR network in every implementation, and what the runs prove."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from conformance import loops
from gradwitness.arrays import Array, wider
from gradwitness.rounding.arithmetic import Measured, Unstable, measure
from gradwitness.verdict import Disagreement, K, judge
from lessons.columns import SAMPLES, Columns, History, Watch, complete, run
from lessons.witness import Statement, examine
from lessons.xor.setting import Setting, dead, learned

SIGHT = 0.01
"""Losses and predictions are about 0.5. Where rounding may move them by more than this, an agreement says nothing."""


@dataclass
class Experiment:
    """A setting in every implementation that can run it, filled in as the runs end.

    spread       how far rounding alone moves the reference's losses and predictions; None until it is measured
    rounded      the reference at the rate rounded to float32, where that is another rate
    statements   epoch -> what witnesses say of the path there, as far as they had to be asked
    """

    setting: Setting
    columns: Columns = field(default_factory=Columns)
    spread: float | None = None
    rounded: History | None = None
    statements: dict[int, Statement] = field(default_factory=dict)

    @property
    def history(self) -> History:
        """The reference's run."""
        return self.columns.runs["numpy"]

    @property
    def apart(self) -> dict[str, History]:
        """The frameworks that lie further from the reference than rounding explains."""
        spread = self.spread
        if spread is None:
            return {}
        return {name: run for name, run in self.columns.others.items() if not within_rounding(run, self.history, spread)}

    def keeps_rate_in_float32(self, history: History) -> bool:
        """Whether a run is the reference's at the rate rounded to float32."""
        return self.rounded is not None and self.spread is not None and within_rounding(history, self.rounded, self.spread)

    @property
    def unexplained(self) -> list[str]:
        """The frameworks whose distance from the reference neither rounding nor a rate in float32 explains."""
        return [name for name, history in self.apart.items() if not self.keeps_rate_in_float32(history)]

    @property
    def agreed(self) -> bool:
        """Whether another implementation was there, and all of them computed the same, as far as rounding lets one see it."""
        seen = self.spread is not None and K * self.spread <= SIGHT
        return bool(self.columns.others) and seen and not self.unexplained

    @property
    def wrong(self) -> Statement | None:
        """The statement that names a wrong op, if there is one."""
        return next((statement for statement in self.statements.values() if statement.wrong), None)

    @property
    def failed(self) -> bool:
        """Whether a gradient is wrong, or implementations differ and nothing explains it."""
        return self.wrong is not None or bool(self.unexplained)

    @property
    def rate_is_to_blame(self) -> bool:
        """Whether the steps were too long: the loss ended above its start, or all hidden units died on the way.

        A short enough step against the gradient lowers the loss.
        """
        first, last = self.history.losses[[0, -1]]
        start, _ = self.setting.recipe.start()
        died = dead(start) < self.setting.hidden == dead(self.history.weights[0])
        return not learned(self.history) and self.history.steps > 0 and (died or not last <= first)

    def fill(self, names: Iterable[str], watch: Watch, threads: int) -> None:
        """Run the setting in each of these columns; measure what rounding does; ask witnesses where no framework agrees.

        Raises KeyboardInterrupt after Ctrl-C. What is done by then is kept.
        """
        self.columns.fill(self.setting.recipe, np.float64, names, watch, threads, self.setting.points)
        if self.columns.others:
            self._measure(watch)
        if not self.agreed:
            self._ask(watch)

    def _measure(self, watch: Watch) -> None:
        recipe, epochs, single = self.setting.recipe, self.setting.epochs, self.setting.in_float32()

        def perturbed(lift: Callable[[Array], Array]) -> list[Array]:
            loop = loops.reference(recipe, np.float64, lift, wider(np.float64))
            history = complete(run(loop, epochs, watch("numpy: measuring what rounding does")), epochs)
            return [history.losses, history.initial.ravel(), history.final.ravel()]

        if single != self.setting:
            self.rounded = complete(run(loops.reference(single.recipe), epochs), epochs)
        try:  # the largest spread of a whole path is steady enough
            spreads = measure(perturbed, np.float64, seed=self.setting.seed, samples=SAMPLES, stacked=True)
            self.spread = max(float(measured.spread.max()) for measured in spreads)
        except Unstable:
            self.spread = math.inf

    def _ask(self, watch: Watch) -> None:
        """Witnesses look at the path where weights were kept, as far as these are finite, until an op is wrong."""
        recipe = self.setting.recipe
        batch = next(recipe.batches())
        for epoch, weights in self.history.kept.items():
            if all(np.isfinite(value).all() for value in weights[0].values()):
                watch(f"numpy: numerical differentiation looks at epoch {epoch}")
                self.statements[epoch] = examine(recipe, weights, batch, self.unexplained, network=True)
                if self.statements[epoch].wrong:
                    return


def distance(a: History, b: History) -> float:
    """The largest difference between two runs, as far as both went."""
    n = min(len(a.losses), len(b.losses))
    x, y = (h.values if a.steps == b.steps else np.concatenate([h.losses[:n], h.initial.ravel()]) for h in (a, b))
    with np.errstate(invalid="ignore"):
        return float(np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0, np.abs(x - y)).max())


def within_rounding(a: History, b: History, spread: float) -> bool:
    """The project's verdict on a, with b in the place of the truth."""
    try:
        judge("values", a.values, Measured(b.values, np.full(b.values.shape, spread)), np.float64)
    except Disagreement:
        return False
    return True
