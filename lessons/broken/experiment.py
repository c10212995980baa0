"""A mistake, the trainings with and without it, and what each judge says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from conformance import rules
from conformance.learning.choice import SEEDS, best_rate
from conformance.learning.task import STEPS, as_low, beginning, end, goes_down, train
from gradwitness import Report
from gradwitness.arrays import Array
from lessons.broken.mistakes import Mistake
from lessons.broken.target import Target

Elements = list[tuple[str, float, float]]


@dataclass
class Experiment:
    """Filled by `run`.

    rate       the learning rate: given, or the best for the right code
    right      the losses of right runs, one for each seed; the first has the same start and data as the broken one
    broken     the losses with the mistake; all nan from where it raised or diverged
    raised     what it raised, if it did
    elements   "right" and "broken": each element of the gradient, what backward returns and the central difference
    said       "right" and "broken": what each rule says
    reports    "right" and "broken": the report of gradwitness.check
    """

    target: Target
    mistake: Mistake
    rate: float
    right: list[Array] = field(default_factory=list)
    broken: Array = field(default_factory=lambda: np.full(STEPS, np.nan))
    raised: str = ""
    elements: dict[str, Elements] = field(default_factory=dict)
    said: dict[str, dict[str, rules.Said]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)

    def run(self, tick: Callable[[], None] = lambda: None) -> None:
        """Train, and ask the judges. tick is called after each training."""
        for seed in SEEDS:
            self.right.append(train(self.target.task, self.rate, seed))
            tick()
        self._ask("right")
        with self.mistake.plant():
            try:
                self.broken = train(self.target.task, self.rate)
            except Exception as error:  # a mistake may raise anything
                self.raised = f"{type(error).__name__}: {error}"
            tick()
            self._ask("broken")
        with self.mistake.plant(shown=True):
            self.reports["broken"] = self.target.check()

    def _ask(self, which: str) -> None:
        subject = self.target.subject
        self.elements[which] = list(rules.elements(subject))
        self.said[which] = {"thumb": rules.rule_of_thumb(subject), "gradcheck": rules.gradcheck(subject)}
        if which == "right":
            self.reports[which] = self.target.check()

    @property
    def down(self) -> bool:
        """Whether the loss goes down with the mistake."""
        return goes_down(self.broken)

    @property
    def as_low(self) -> bool:
        """Whether it ends as low as in one of the right runs."""
        return as_low(self.broken, self.right)

    @property
    def same(self) -> bool:
        """Whether the training with the mistake is the right one, bit for bit."""
        return bool(np.array_equal(self.broken, self.right[0], equal_nan=True))

    @property
    def ends(self) -> tuple[float, float]:
        """Of the right runs, the lowest and the highest end."""
        values = list(map(end, self.right))
        return min(values), max(values)

    @property
    def course(self) -> tuple[float, float]:
        """The mean losses at the beginning and at the end, with the mistake."""
        return beginning(self.broken), end(self.broken)


def rate_of(target: Target, rate: float | None) -> float:
    """The rate that was given, or the best for the right code."""
    return rate if rate is not None else best_rate(target.task)


def chosen(target: Target, among: list[Mistake], seed: int) -> Mistake | None:
    """A mistake that makes a wrong gradient; which one the seed says. None if there is none."""
    order = np.random.default_rng((8, seed)).permutation(len(among))
    return next((among[i] for i in order if target.wrong(among[i])), None)
