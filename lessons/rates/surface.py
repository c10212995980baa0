"""The loss as a function of two weights, and which two are looked at."""

from __future__ import annotations

import numpy as np

from gradwitness.arrays import Array
from lessons.rates.experiment import Experiment, path, traced
from lessons.rates.task import Params, Task

Place = tuple[str, tuple[int, ...]]
SHORT = {"hidden.weight": "W1", "output.weight": "W2"}


def places(experiment: Experiment) -> tuple[Place, Place]:
    """The two weights that went the longest way at the largest rate that does not diverge."""
    steady = [rate for rate, word in experiment.words.items() if word != "diverging"] or list(experiment.runs)
    params = traced(experiment.runs[max(steady)])
    ways: list[tuple[float, Place]] = []
    for name in SHORT:
        moved = np.abs(np.diff(np.stack([step[name] for step in params]), axis=0)).sum(axis=0)
        ways += [(float(way), (name, index)) for index, way in np.ndenumerate(moved)]
    (_, first), (_, second) = sorted(ways, key=lambda pair: -pair[0])[:2]
    return first, second


def named(place: Place) -> str:
    """A weight as the step lesson names it: W1[1,2]."""
    name, index = place
    inner = index if name == "hidden.weight" else index[:1] if index[1] == 0 else index
    return f"{SHORT[name]}[{','.join(str(i + 1) for i in inner)}]"


def frame(experiment: Experiment, pair: tuple[Place, Place]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of the plane that shows the paths of all runs that do not diverge, with a margin."""
    steady = [history for rate, history in experiment.runs.items() if experiment.words[rate] != "diverging"]
    sides = []
    for place in pair:
        values = np.concatenate([path(history, place) for history in steady or experiment.runs.values()])
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        margin = 0.15 * (high - low or 1.0)
        sides.append((low - margin, high + margin))
    return sides[0], sides[1]


def surface(task: Task, params: Params, pair: tuple[Place, Place], xs: Array, ys: Array) -> Array:
    """The loss at each (x, y) of the two weights, all other parameters as they are. xs (n,), ys (m,) -> (m, n)."""
    recipe, batch = task.recipe(0.0), task.batch()
    varied = {name: value.copy() for name, value in params.items()}
    (first, i), (second, j) = pair
    values = np.empty((len(ys), len(xs)))
    with np.errstate(all="ignore"):  # where a run diverged its weights are huge
        for row, y in enumerate(ys):
            for column, x in enumerate(xs):
                varied[first][i], varied[second][j] = x, y
                arguments, keywords = recipe.arguments(varied, {}, batch)
                values[row, column] = recipe.op.forward(*arguments, **keywords)[0]
    return values
