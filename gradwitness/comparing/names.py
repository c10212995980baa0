"""Which result of one function is which of another: by name where the names are the same, else in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.sides import Results, Side
from gradwitness.rounding.arithmetic import Measured

T = TypeVar("T")


@dataclass(frozen=True)
class Names:
    """Of one function: its own names -> the names that the first function has for the same things.

    outs     of outputs; None where there are more, or fewer
    leaves   of inputs, and of those parameters that both have
    alone    parameters that only one of both has
    """

    outs: Mapping[str, str] | None
    leaves: Mapping[str, str]
    alone: tuple[str, ...] = ()

    def all(self, values: Mapping[str, T]) -> dict[str, T]:
        """Outputs and gradients under the names of the first function."""
        known = {**(self.outs or {}), **{f"d{own}": f"d{first}" for own, first in self.leaves.items()}}
        return {known[name]: value for name, value in values.items() if name in known}

    def of(self, results: Results) -> dict[str, Array | None]:
        """The same of what a call returns."""
        return self.all({**results.outs, **{f"d{name}": value for name, value in results.gradients.items()}})

    def measured(self, found: Mapping[str, Measured]) -> dict[str, Measured]:
        """The same of truths and spreads."""
        return self.all(found)


def names(first: Side, outs: Sequence[str], other: Side, others: Sequence[str]) -> Names:
    """Those of another function."""
    inputs, theirs = [[n for n in side.leaves if n not in side.own] for side in (first, other)]
    parameters = _of_parameters(first, other)
    alone = tuple(sorted((first.own - {*parameters.values()}) | (other.own - {*parameters})))
    return Names(_paired(outs, others), {**(_paired(inputs, theirs) or {}), **parameters}, alone)


def _of_parameters(first: Side, other: Side) -> dict[str, str]:
    """Parameters by their names; those with other names by their values."""
    found = {name: name for name in other.leaves if name in other.own & first.own}
    for name in other.leaves:
        if name in other.own and name not in found:
            free = [n for n in first.leaves if n in first.own and n not in {*found.values(), *other.own}]
            same = [n for n in free if np.array_equal(first.leaves[n], other.leaves[name])]
            if same:
                found[name] = same[0]
    return found


def _paired(first: Sequence[str], other: Sequence[str]) -> dict[str, str] | None:
    """other -> first."""
    if set(first) == set(other):
        return {name: name for name in other}
    return dict(zip(other, first, strict=True)) if len(first) == len(other) else None
