"""The truth and the scale of honest error, for all functions that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.sides import Results, Side
from gradwitness.rounding.arithmetic import Measured, combine
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.projection import projection
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.tensors.function import EPS

JITTERS = 3
"""Runs with inputs that are moved by up to one unit of their last digit."""


@dataclass(frozen=True)
class Scale:
    """Truth and spread by name.

    by        the function that they are measured with
    watched   whether every rounding inside it was watched. If not, the spread is what moved inputs do, and an honest function
              may exceed it
    why       why the functions before it could not be watched
    """

    measured: Mapping[str, Measured]
    by: str
    watched: bool
    why: tuple[str, ...] = ()


def scale(
    sides: Sequence[Side],
    cotangents: Callable[[Side], Sequence[Array] | None],
    seed: int,
    named: Callable[[Side, Mapping[str, Measured]], dict[str, Measured]],
) -> Scale:
    """Of the first function that can be watched. Raises Unstable where rounding alone makes a result inf or nan.

    cotangents   those of a function, in the order of its outputs
    named        gives what a function returns the names that it has with the first one
    """
    reasons: list[str] = []
    for side in sides:
        try:
            return Scale(named(side, side.measured(cotangents(side), seed)), side.name, True, tuple(reasons))
        except (NotWatched, UserError) as error:
            reasons.append(f"{side.name}: {error}")
    for side in sides:
        try:
            return Scale(named(side, _jittered(side, cotangents(side), seed)), side.name, False, tuple(reasons))
        except (UserError, BadCall):
            continue
    raise NotWatched("; ".join(reasons))


def _jittered(side: Side, douts: Sequence[Array] | None, seed: int) -> dict[str, Measured]:
    """The exact run, and what inputs and cotangents do to it that are moved by their last digit."""
    rng = np.random.default_rng((seed, 2))
    eps = EPS[side.dtype]

    def moved(array: Array) -> Array:
        return np.asarray(array * (1 + eps * rng.uniform(-1, 1, size=array.shape)))

    truth = _floats(side.run(douts, exact=True))
    runs = [
        _floats(
            side.run(
                None if douts is None else [moved(dout) for dout in douts],
                {name: moved(array) for name, array in side.leaves.items()},
                exact=True,
            )
        )
        for _ in range(JITTERS)
    ]
    return {name: _spread(value, [run[name] for run in runs if name in run], eps) for name, value in truth.items()}


def _spread(truth: Array, runs: Sequence[Array], eps: float) -> Measured:
    square = np.square(eps / 2 * np.nan_to_num(truth))
    projections = [eps / 2]
    for run in runs:
        if run.shape == truth.shape:
            with np.errstate(invalid="ignore", over="ignore"):
                square = square + np.nan_to_num(np.square(run - truth)) / len(runs)
            projections.append(projection(run, truth) - 1)
    return Measured(truth, combine(square), float(np.sqrt(np.mean(np.square(projections)))))


def _floats(results: Results) -> dict[str, Array]:
    """Outputs and gradients by name; what has no gradient is left out."""
    found = dict(results.outs)
    found.update({f"d{name}": value for name, value in results.gradients.items() if value is not None})
    return found
