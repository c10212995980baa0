"""What the rates are tried on: the XOR network, and the same network with more units on the digits.

Every step takes all points at once. Nothing is random along the way, so that what the losses do is the rate's doing alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np

from conformance.recipes import RECIPES, Recipe
from conformance.recipes.classification import accuracy
from conformance.recipes.data import digits
from gradwitness.arrays import Array
from reference.models import two_layer

Params = dict[str, Array]
HYPER: Mapping[str, Mapping[str, float]] = {"sgd": {}, "momentum": {"momentum": 0.9}, "adam": {}}
"""The rules that are compared, by their names in the reference, with what is set besides the rate."""


@dataclass(frozen=True)
class Task:
    """A network and its data.

    start    () -> the parameters before the first step
    batch    () -> all points: x and labels
    test     () -> the inputs and the labels of the test set
    score    (outputs, labels) -> share of points that are right
    metric   what the score is, in words
    steps    how many updates a run makes
    rates    the five that are compared
    sweep    those at which the rules are compared
    """

    name: str
    start: Callable[[], Params]
    batch: Callable[[], Mapping[str, Array]]
    test: Callable[[], tuple[Array, Array]]
    score: Callable[[Array, Array], float]
    metric: str
    steps: int
    rates: tuple[float, ...]
    sweep: tuple[float, ...]

    def recipe(self, rate: float, rule: str = "sgd") -> Recipe:
        """The run at a rate, under an update rule."""
        batch = self.batch()
        return replace(
            RECIPES["xor"],
            start=lambda: (self.start(), {}),
            data=lambda: repeat(batch),
            optimizer=rule,
            hyper={"lr": rate, **HYPER[rule]},
            steps=self.steps,
            test=self.test,
            score=self.score,
            metric=self.metric,
        )

    def scored(self, outputs: Array) -> float:
        """The score of outputs on the test set."""
        return self.score(outputs, self.test()[1])


def _digits() -> Mapping[str, Array]:
    return {"x": digits().x_train, "labels": np.eye(10)[digits().y_train]}


TASKS = {
    "xor": Task(
        "XOR, 8 hidden units",
        start=lambda: two_layer.xor_params(42, 8),
        batch=lambda: {"x": two_layer.XOR_X, "labels": two_layer.XOR_Y},
        test=lambda: (two_layer.XOR_X, two_layer.XOR_Y),
        score=RECIPES["xor"].score,
        metric="points right",
        steps=300,
        rates=(0.02, 0.5, 2.0, 3.0, 12.0),
        sweep=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    ),
    "digits": Task(
        "digits, 32 hidden units",
        start=lambda: two_layer.init(np.random.default_rng(0), 64, 32, 10),
        batch=_digits,
        test=lambda: (digits().x_test, digits().y_test),
        score=accuracy,
        metric="test accuracy",
        steps=100,
        rates=(0.05, 3.0, 5.0, 10.0, 32.0),
        sweep=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    ),
}


def spelled(rate: Any) -> str:
    """A rate as it is shown."""
    return f"{rate:g}"
