"""One setting of the XOR network: what is trained, and what to try where it does not learn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from conformance.recipes import RECIPES, Recipe
from gradwitness.arrays import Array
from lessons.columns import History
from reference.activations import relu
from reference.layers import linear
from reference.models.two_layer import XOR_X, XOR_Y, xor_params

LOSS = {"bce": "binary_cross_entropy", "mse": "mse"}
RATE = 0.5
"""The lesson's own rate."""


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
        """The recipe that trains it."""
        return replace(
            RECIPES["xor"],
            start=lambda: (xor_params(self.seed, self.hidden), {}),
            hyper={"lr": self.rate},
            steps=self.epochs,
            config={"loss": LOSS[self.loss]},
        )

    @property
    def points(self) -> list[int]:
        """After how many epochs weights are kept, so that a witness can look at the path there."""
        return sorted({self.epochs * quarter // 4 for quarter in range(4)})

    def wider(self) -> Setting:
        """The same with eight hidden units, or with twice as many."""
        return replace(self, hidden=8 if self.hidden < 8 else 2 * self.hidden)

    def slower(self) -> Setting:
        """The same at the lesson's own rate, or at an eighth of its rate."""
        return replace(self, rate=RATE if self.rate > RATE else self.rate / 8)

    def in_float32(self) -> Setting:
        """The same with the rate rounded to float32, as a framework may keep it."""
        with np.errstate(over="ignore"):
            return replace(self, rate=float(np.float32(self.rate)))


def right(history: History) -> Array:
    """Which final predictions are on the right side of 0.5, (4,) of bool. 0.5 itself is on neither side."""
    final = history.final.ravel()
    return np.where(XOR_Y.ravel() > 0.5, final > 0.5, final < 0.5)


def learned(history: History) -> bool:
    """Whether all four are."""
    return bool(right(history).all())


def dead(params: dict[str, Array]) -> int:
    """How many hidden units give 0 for all four points. No gradient reaches their weights."""
    with np.errstate(all="ignore"):
        before, _ = linear.forward(XOR_X, params["hidden.weight"], params["hidden.bias"])
        after, _ = relu.forward(before)
    return int((after == 0).all(axis=0).sum())
