"""Training runs as cells: every loss, the parameters at the end, and what the trained network says of the test set.

A trajectory amplifies rounding. The allowance is that of the reference's own trajectory under Monte Carlo arithmetic, and a run
is compared only as far as it is small: beyond that an agreement would say nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

import adapters
from conformance import loops
from conformance.matrix import Cell
from conformance.path import Path
from conformance.recipes import RECIPES, Recipe
from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import K
from reference.case import seed

SAMPLES = 4
"""Perturbed runs of a whole training: few, for each takes as long as the training; thousands of parameters steady them."""
EVERY = 20
"""Steps between the points at which parameters are kept; they are compared at the last one that can be judged."""
SIGHT = 0.01
"""An allowance of more than this share of the loss, or of the way that a parameter has gone, would prove nothing."""


Conventions = tuple[tuple[str, Any], ...]


class Trajectory(Path):
    """The reference's run of a recipe as evidence: losses as far as they can be judged, parameters at the last point that can.

    steps   how many are run as evidence: as many as are judged
    whole   how many a framework runs: all of the recipe's in one dtype, for the score, however far they are compared
    scores  whoever ran the whole recipe -> the score on the test set after it
    reach   how many losses are compared
    point   after how many steps parameters are compared; after all of them, what the network says of the test set is, too
    """

    def __init__(self, name: str, dtype: str, conventions: Conventions = ()) -> None:
        self.recipe, self.name = RECIPES[name], name
        self.config = {**self.recipe.config, **dict(conventions)}
        self.steps = self.recipe.steps_judged(dtype)
        self.points = [*range(EVERY, self.steps, EVERY), self.steps]
        start, _ = self.recipe.start()
        super().__init__(["loss", "test", *start], partial(self._along, dtype), dtype, seed("training", name), SAMPLES)
        losses, test, *params = self.measured
        self.whole = self.recipe.steps if dtype == self.recipe.scored else self.steps
        self.scores = {"reference": learned(name, dtype)} if self.whole == self.recipe.steps else {}
        self.reach = self._reach(losses)
        self.point = self._point(start, params)
        at = self.points.index(self.point)
        kept = [Measured(m.truth[at : at + 1], m.spread[at : at + 1]) for m in params]
        self.measured = [Measured(losses.truth[: self.reach], losses.spread[: self.reach]), test, *kept]
        if self.point < self.steps:
            del self.measured[1], self.names[1]

    def _along(self, dtype: str, lift: Any, wide: Any) -> list[Array]:
        """Losses (steps,), outputs on the test set (1, ...), parameters at the points (points, ...); data rounded to dtype."""
        loop = loops.reference(replace(self.recipe, config=self.config), dtype, lift, wide)
        losses, points = [], []
        for number in range(1, self.steps + 1):
            losses.append(loop.step())
            if number in self.points:
                points.append(loop.weights()[0])
        return [np.stack(losses), loop.predict()[None], *(np.stack([point[name] for point in points]) for name in points[0])]

    def _reach(self, losses: Measured) -> int:
        blind = K * losses.spread > SIGHT * np.abs(losses.truth)
        return int(blind.argmax()) if blind.any() else len(blind)

    def _point(self, start: dict[str, Array], params: list[Measured]) -> int:
        seen = []
        for at, number in enumerate(self.points):
            moved = [(m.spread[at], m.truth[at] - value) for m, value in zip(params, start.values(), strict=True)]
            sharp = all(K * _rms(spread) <= SIGHT * _rms(way) for spread, way in moved)
            if number <= self.reach and sharp:
                seen.append(number)
        if not seen:
            raise AssertionError(f"{self.name} in {self.dtype}: no point at which rounding has not hidden the parameters")
        return int(seen[-1])

    def told(self) -> str:
        """How far the run is compared, in words."""
        loss = self.measured[0]
        share = float((loss.spread / np.abs(loss.truth)).max())
        return (
            f"{self.name} in {self.dtype}: losses compared at {self.reach} of {self.recipe.steps} steps, parameters after "
            f"{self.point}; rounding moves a loss by at most {share:.1e} of it"
            + (f"; {self.recipe.metric} after {self.whole} steps" if self.scores else "")
        )


def _rms(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


@cache
def learned(name: str, dtype: str) -> float:
    """The reference's score after the whole recipe, run in dtype."""
    recipe = RECIPES[name]
    loop = loops.reference(recipe, dtype)
    for _ in range(recipe.steps):
        loop.step()
    return recipe.score(loop.predict(), recipe.test()[1])


@cache
def trajectory(name: str, dtype: str, conventions: Conventions = ()) -> Trajectory:
    """The reference's run as evidence, under a framework's conventions for the model. Optimizers need none: a recipe's
    hyper-parameters are such that all definitions coincide.
    """
    return Trajectory(name, dtype, conventions)


def told_of(cell: Cell) -> Trajectory:
    """The evidence for a cell, under its adapter's conventions."""
    conventions = adapters.load(cell.adapter).models[RECIPES[cell.name].model].conventions
    return trajectory(cell.name, cell.dtype, tuple(conventions.items()))


def run_training(cell: Cell) -> tuple[Trajectory, list[Array]]:
    """The same run in a framework: its own model, its own optimizer, its own loop."""
    recipe, told = RECIPES[cell.name], told_of(cell)
    losses, outputs, params = framework_run(recipe, cell, told)
    if told.whole == recipe.steps:
        told.scores[cell.adapter] = recipe.score(outputs[told.whole].astype(float), recipe.test()[1])
    test = [outputs[told.steps][None]] if told.point == told.steps else []
    return told, [losses[: told.reach], *test, *(value[None] for value in params.values())]


def framework_run(recipe: Recipe, cell: Cell, told: Trajectory) -> tuple[Array, dict[int, Array], dict[str, Array]]:
    """Losses (steps,), outputs on the test set after those judged and after all, and parameters after `point` steps."""
    loop = loops.adapted(cell.adapter, recipe, cell.dtype, cell.mode, cell.device)
    losses, outputs = [], {}
    for number in range(1, told.whole + 1):
        losses.append(loop.step())
        if number in (told.steps, told.whole):
            outputs[number] = loop.predict()
        if number == told.point:
            params, _ = loop.weights()
    return np.stack(losses), outputs, {name: params[name] for name in recipe.start()[0]}
