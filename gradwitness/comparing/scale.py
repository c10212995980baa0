"""The truth and the scale of honest error, for all functions that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.sides import Results, Side
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.moved import RUNS, moved, spread
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.tensors.precision import EPS


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

    truth = _floats(side.run(douts, exact=True))
    runs = [
        _floats(
            side.run(
                None if douts is None else [moved(dout, eps, rng) for dout in douts],
                {name: moved(array, eps, rng) for name, array in side.leaves.items()},
                exact=True,
            )
        )
        for _ in range(RUNS)
    ]
    return {name: spread(value, [run[name] for run in runs if name in run], eps) for name, value in truth.items()}


def _floats(results: Results) -> dict[str, Array]:
    """Outputs and gradients by name; what has no gradient is left out."""
    found = dict(results.outs)
    found.update({f"d{name}": value for name, value in results.gradients.items() if value is not None})
    return found
