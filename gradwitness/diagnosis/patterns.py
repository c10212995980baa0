"""What is seen where no repair is found: which elements are wrong, and by which ratio. Evidence, not an explanation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.diagnosis.case import Case
from gradwitness.diagnosis.constants import told

NEAR_ONE = 5e-4
"""What four digits show as 1."""


def evidence(case: Case) -> str:
    """A sentence about the elements that were measured; empty if there is nothing to say."""
    if not case.fits:
        return ""
    if not case.wrong:  # it disagrees along a direction, by less than is seen of single elements
        return digits(case).removeprefix(". ").lower()
    said = [f"{len(case.wrong)} of {len(case.elements)} elements that were measured are wrong"]
    ratios = {i: float(truth / case.claimed[i]) for i, (truth, _) in case.elements.items() if i in case.wrong and case.claimed[i]}
    for axis in range(case.array.ndim) if case.array.ndim > 1 else ():  # of one axis, the elements are listed in any case
        touched = {i[axis] for i in case.wrong}
        spared = {i[axis] for i in case.elements} - touched
        if touched and spared and not touched & {i[axis] for i in case.elements if i not in case.wrong}:
            said.append(f"all at {_listed(touched)} of axis {axis}, none elsewhere")
            break
    measured = {i: case.elements[i] for i in case.wrong}
    if measured and all(abs(truth) <= bar for truth, bar in measured.values()):
        said.append("there zero is right, for forward does not change: a mask is missing, or another one")
    elif measured and not any(case.claimed[i] for i in measured):
        said.append("there zero came, and forward changes: a contribution is missing, or a mask is one too many")
    elif ratios and case.array.ndim:
        for axis in range(case.array.ndim):
            groups: dict[int, list[float]] = {}
            for index, ratio in ratios.items():
                groups.setdefault(index[axis], []).append(ratio)
            several = {at: values for at, values in groups.items() if len(values) > 1}
            if several and all(np.ptp(values) <= 1e-7 * abs(values[0]) for values in several.values()):
                shown = ", ".join(f"{told(values[0])} at {at}" for at, values in sorted(several.items())[:4])
                said.append(f"truth / got is the same for all elements at one place of axis {axis}: {shown}")
                break
        else:
            said.append(_factor(case) or f"truth / got lies between {_range(min(ratios.values()), max(ratios.values()))}")
    return "; ".join(said) + digits(case)


def digits(case: Case) -> str:
    """What leaves a gradient that is right to some digits; empty for one that is not."""
    largest = float(np.max(np.abs(case.claimed), initial=0))
    error = max((abs(float(truth - case.claimed[index])) for index, (truth, _) in case.elements.items()), default=0.0)
    if not 0 < error <= NEAR_ONE * largest:
        return ""
    right = int(-np.log10(error / largest))
    return (
        f". It is right to {right} digits: an approximation, such as a series that is cut off, or a solver with a tolerance of "
        "its own leaves so much"
    )


def _factor(case: Case) -> str:
    """One factor that fits all that was measured, to the digits that its bars leave; empty if none does."""
    ratios = [
        (float(bar / abs(came)), float(truth / came)) for i, (truth, bar) in case.elements.items() if (came := case.claimed[i])
    ]
    room, ratio = min(ratios, default=(0.0, 0.0))
    if not ratio or not all(abs(t - ratio * c) <= b + room * abs(c) for c, (t, b) in _measured(case)):
        return ""
    digits = max(int(-np.log10(room / abs(ratio))), 1)
    return f"what came is about {1 / ratio:.{digits}g} times the truth at all of them"


def _measured(case: Case) -> Iterator[tuple[float, tuple[float, float]]]:
    """What came, the truth and its bar, of each element that was measured."""
    return ((float(case.claimed[index]), found) for index, found in case.elements.items())


def _range(low: float, high: float) -> str:
    """Two ratios, with as much of them as tells them from 1."""
    near = max(abs(low - 1), abs(high - 1))
    return f"1 {low - 1:+.2g} and 1 {high - 1:+.2g}" if near < NEAR_ONE else f"{low:.4g} and {high:.4g}"


def _listed(numbers: set[int]) -> str:
    shown = sorted(numbers)
    return ", ".join(map(str, shown[:6])) + (", ..." if len(shown) > 6 else "")
