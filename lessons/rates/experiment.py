"""The runs of a task: its five rates under gradient descent, and the sweep of rates under each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from conformance import loops
from gradwitness.arrays import Array
from lessons.columns import History, Watch, complete, run
from lessons.rates.task import HYPER, Params, Task, spelled
from lessons.rates.words import words


@dataclass
class Experiment:
    """A task, and its runs as they end.

    runs     rate -> its run by gradient descent, with the weights before each step
    swept    rule -> rate -> its run; a rule is here when all its runs have ended
    """

    task: Task
    rates: Sequence[float]
    runs: dict[float, History] = field(default_factory=dict)
    swept: dict[str, dict[float, History]] = field(default_factory=dict)

    def fill(self, watch: Watch) -> None:
        """Make all runs. Raises KeyboardInterrupt after Ctrl-C; the runs that have ended are kept."""
        self.train(watch)
        self.sweep(watch)

    def train(self, watch: Watch) -> None:
        """Make the runs by gradient descent."""
        task = self.task
        for rate in self.rates:
            loop = loops.reference(task.recipe(rate))
            tick = watch(f"{task.name}: rate {spelled(rate)}")
            self.runs[rate] = complete(run(loop, task.steps, tick, range(task.steps)), task.steps)

    def sweep(self, watch: Watch) -> None:
        """Make the runs of each rule."""
        task = self.task
        for rule in HYPER:
            runs = {}
            for rate in sorted({*task.sweep, min(self.rates)}):
                loop = loops.reference(task.recipe(rate, rule))
                tick = watch(f"{task.name}: {rule}, rate {spelled(rate)}")
                runs[rate] = complete(run(loop, task.steps, tick, (1,)), task.steps)
            self.swept[rule] = runs

    @property
    def words(self) -> dict[float, str]:
        """Rate -> the word for its run. Those of the sweep by gradient descent are compared with, too."""
        swept = [history.losses for history in self.swept.get("sgd", {}).values()]
        named = words([*(history.losses for history in self.runs.values()), *swept])
        return dict(zip(self.runs, named, strict=False))

    def swept_words(self, rule: str) -> dict[float, str]:
        """Likewise for the sweep of a rule, in comparison with the best run of all rules."""
        everything = [(name, rate, history.losses) for name, runs in self.swept.items() for rate, history in runs.items()]
        named = zip(everything, words([losses for *_, losses in everything]), strict=True)
        return {rate: word for (name, rate, _), word in named if name == rule}

    def rate_of(self, word: str) -> float | None:
        """The first of the rates whose run has this word; None if none has."""
        return next((rate for rate, own in self.words.items() if own == word), None)

    def first_move(self, rule: str, rate: float) -> float:
        """The largest change of a weight in the first step of a run of the sweep."""
        before, after = self.task.start(), self.swept[rule][rate].kept[1][0]
        return max(float(np.abs(after[name] - value).max()) for name, value in before.items())


def traced(history: History) -> list[Params]:
    """The parameters before each step, and after the last."""
    return [history.kept[step][0] for step in sorted(history.kept)]


def path(history: History, place: tuple[str, tuple[int, ...]]) -> Array:
    """One weight along a run, (steps + 1,)."""
    name, index = place
    return np.array([params[name][index] for params in traced(history)])
