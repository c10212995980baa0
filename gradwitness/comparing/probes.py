"""What is asked before results are compared: do they fit each other, do they move at all, do they come again?"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Results
from gradwitness.comparing.verdicts import same_bits
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import UserError

MOVES = (2.0**-3, 2.0**-10)
"""Of an input's size: random moves, to see whether a result depends on it at all. The smaller one stays in the domain."""


def misfits(runs: Runs, outs: Mapping[str, Results]) -> Iterator[Finding]:
    """Other numbers of outputs, other shapes, other dtypes, parameters that only one has."""
    first = runs.sides[0].name
    for side in runs.sides[1:]:
        known, mine, theirs = runs.names[side.name], outs[first], outs[side.name]
        if known.outs is None:
            message = f"{first} returns {len(mine.outs)} ({', '.join(mine.outs)}), {side.name} {len(theirs.outs)}"
            yield Finding("outputs", "wrong", f"{message} ({', '.join(theirs.outs)}): outputs=... picks some")
            continue
        for own, name in known.outs.items():
            one, other = mine.outs[name], theirs.outs[own]
            if one.shape != other.shape:
                message = f"Its shape is {one.shape} from {first}, {other.shape} from {side.name}"
                yield Finding(name, "wrong", message, wrong=other.size, of=other.size)
            elif mine.dtypes[name] != theirs.dtypes[own]:
                message = f"{mine.dtypes[name]} from {first}, {theirs.dtypes[own]} from {side.name}"
                yield Finding(f"{name}, dtype", "note", message)
        if known.alone and runs.gradients:
            which = ", ".join(known.alone)
            cure = "Hand over the modules themselves, or their parameters as inputs"
            message = f"Not in both {first} and {side.name}: {which}. Their gradients are not compared. {cure}"
            yield Finding("parameters", "note", message)
        mine_too = {own: name for own, name in known.leaves.items() if own in side.own}
        odd = [name for own, name in mine_too.items() if not _same(side.leaves[own], runs.sides[0].leaves[name])]
        if odd:
            message = f"{first} and {side.name} have other values: {', '.join(odd)}. Load the same before you compare"
            yield Finding("parameters", "note", message)


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def still(runs: Runs, outs: Mapping[str, Results]) -> Generator[Finding, None, bool]:
    """Whether nothing that is returned depends on the inputs. A finding where that is so for all, or for some."""
    rng = np.random.default_rng((runs.seed, 3))
    still = {side.name for side in runs.judged}
    ran: set[str] = set()
    for size in MOVES:
        factors = {name: rng.normal(size=array.shape) * size for name, array in runs.sides[0].leaves.items()}
        for side in runs.judged:
            if side.name not in still:
                continue
            known = runs.names[side.name].leaves
            arrays = {
                own: np.asarray(array + factors.get(known.get(own, ""), size) * np.where(array == 0, 1, array))
                for own, array in side.leaves.items()
            }
            try:
                moved = runs.run(side, arrays, values=True).outs
            except UserError:
                continue  # it leaves the domain: the smaller move may not
            ran.add(side.name)
            if not same_bits_of(moved, outs[side.name].outs):
                still.discard(side.name)
    still &= ran  # of what does not run on other inputs nothing is known
    if still and len(still) == len(runs.judged):
        message = "Nothing was moved: they return the same whatever they are given. Do they use their inputs?"
        yield Finding("outputs", "cannot tell", message)
        return True
    if still:
        message = f"{' and '.join(sorted(still))} returns the same whatever it is given; the others do not"
        yield Finding("outputs", "wrong", message)
    return False


def again(runs: Runs) -> Iterator[Finding]:
    """The same call once more, from the same state."""
    for side in runs.judged:
        repeated = runs.names[side.name].of(runs.run(side))
        for about, value in runs.values[side.name].items():
            other = repeated.get(about)
            if value is None or other is None or same_bits({"": value, " ": other}):
                continue
            with np.errstate(invalid="ignore"):
                size = float(np.nanmax(np.abs(other - value), initial=0))
            message = f"{side.name} gives another {about} each time: it varies by {size:.2g}"
            yield Finding(f"{about}, again", "note", message)


def same_bits_of(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether all outputs are the same."""
    return list(one) == list(other) and all(same_bits({"": value, " ": other[name]}) for name, value in one.items())
