"""Mistakes of the map from the cotangent to the gradient, which is the transpose of forward's: not transposed, or in part."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Explanation

SAME = 1e-7
"""Relative to the largest element: quotients are exact to about 1e-9."""
FEW = 4
"""Elements whose slopes are measured output by output."""
MANY = 12
"""Outputs that an element moves, of which parts are tried."""


def not_transposed(case: Case) -> Explanation | None:
    """What came is forward's change along the cotangent, as if the transposed map were the map itself."""
    if not case.fits or case.along is None or case.array.size < 2 or not _apart(case):
        return None
    for name, dout in case.douts.items():
        if dout.shape == case.array.shape:
            changed = case.along(np.asarray(dout)).get(name)
            largest = float(np.max(np.abs(case.claimed), initial=0))
            if changed is not None and largest and np.max(np.abs(changed - case.claimed)) <= SAME * largest:
                words = (
                    f"What came is the change of forward along {name}: backward does to {name} what forward does to its input. "
                    "Its transpose is right: the transposed matrix, the rotation back (the other sign of the sine), the inverse "
                    "permutation, a shift the other way, the conjugate of a spectrum"
                )
                return Explanation("transposed", words)
    return None


def partly(case: Case) -> Explanation | None:
    """Of the outputs that an element moves some are counted, and the others are left out."""
    if not case.fits or case.slopes is None or not _apart(case):
        return None
    counts = []
    for index in sorted(case.wrong)[:FEW]:
        values, bars = case.slopes(index)
        moved = np.flatnonzero(np.abs(values) > SAME * np.max(np.abs(values), initial=0) + bars)
        came = float(case.claimed[index])
        room = SAME * max(abs(came), float(np.max(np.abs(values), initial=0)))
        kept = _kept(values[moved].astype(float), came, room) if 2 <= len(moved) <= MANY else 0
        if not kept:
            return None
        counts.append((kept, len(moved)))
    if len(counts) < 2:
        return None
    (kept, total), *others = counts
    many = f"{kept} of the {total} outputs" if all(each == (kept, total) for each in others) else "some of the outputs"
    words = (
        f"Backward counts the shares of {many} that an element moves, and leaves out the others: sum over all of them, as over "
        "all copies that forward makes of an element, and all windows that it lies in"
    )
    return Explanation("series", words)


def _apart(case: Case) -> bool:
    """Whether what came lies further from the truth than quotients are exact. What is nearer fits whatever fits the truth."""
    largest = float(np.max(np.abs(case.claimed), initial=0))
    return any(abs(truth - case.claimed[index]) > SAME * largest for index, (truth, _) in case.elements.items())


def _kept(values: Array, came: float, room: float) -> int:
    """Of how many of the values, and not all, a number is the sum; 0 if of none."""
    for count in range(1, len(values)):
        for chosen in combinations(values.tolist(), count):
            if abs(sum(chosen) - came) <= room:
                return count
    return 0
