"""Contributions that overwrite each other: repeated indices, overlapping windows, time steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Explanation, Repair

REPEATED = "np.add.at, index_put_ with accumulate=True or tensor_scatter_nd_add where an index is repeated"
ONE_KEPT = f"Of several contributions one is kept: accumulate them ({REPEATED})"
LARGEST = 400
"""Elements of a cotangent of which sums are tried."""


def multiples(case: Case) -> Iterator[Repair]:
    """Some rows (or columns, ...) are integers times what came."""
    if not case.fits:
        return
    for axis in range(case.array.ndim):
        ratios: dict[int, float] = {}
        for index, (truth, bar) in case.elements.items():
            came = case.claimed[index]
            if came == 0 and abs(truth) <= bar:
                continue
            ratio = float(truth / came) if came else np.inf
            if (
                not np.isfinite(ratio)
                or abs(ratio - round(ratio)) > 1e-6
                or round(ratio) < 1
                or ratios.setdefault(index[axis], round(ratio)) != round(ratio)
            ):
                break
        else:
            often = {at: int(k) for at, k in ratios.items() if k > 1}
            if often and len(ratios) > len(often):
                factor = np.ones(case.array.shape[axis])
                factor[list(often)] = list(often.values())
                shown = ", ".join(f"{k} times at {at}" for at, k in sorted(often.items())[:5])
                many = f"Along axis {axis} the truth is a multiple of what came: {shown}"
                repeated = _repeated(case, often)
                yield Repair(
                    case.claimed * factor.reshape([-1 if a == axis else 1 for a in range(case.array.ndim)]),
                    "series" if repeated else "constant factor",
                    f"{many}. {ONE_KEPT}" if repeated else many,
                )


def _repeated(case: Case, often: Mapping[int, int]) -> bool:
    """Whether an array of indices has these numbers so many times."""
    indices = [np.ravel(array) for array in case.known.values() if array.dtype.kind in "iu"]
    return any(all(np.count_nonzero(array == at) == k for at, k in often.items()) for array in indices)


def contributions(case: Case) -> Explanation | None:
    """Each wrong element is one element of the cotangent, and the truth is a sum of several."""
    wrong = [(case.claimed[index], *case.elements[index]) for index in sorted(case.wrong)] if case.fits else []
    for name, dout in case.douts.items():
        if not 4 <= dout.size <= LARGEST or len(wrong) < 2:
            continue
        values = np.asarray(dout, np.longdouble).ravel()
        if not all(came != 0 and np.abs(values - came).min() <= 1e-12 * abs(came) for came, _, _ in wrong):
            continue
        counts = [_how_many(values, truth - came, bar) for came, truth, bar in wrong]
        added = [count for count in counts if count]
        if len(added) >= 2 and 2 * len(added) >= len(counts):
            least, most = min(added) + 1, max(added) + 1
            many = f"{least}" if least == most == max(counts) + 1 and all(counts) else f"{least} or more"
            words = (
                f"Where it is wrong it is one element of {name}, and the truth is the sum of {many}: contributions overwrite "
                f"each other. Accumulate them with += ({REPEATED})"
            )
            return Explanation("series", words)
    return None


def rows(case: Case) -> Explanation | None:
    """Of the gradients of the rows of a batch, stacked, some are right, and the others are zero: their share is left out."""
    wrong = {index[0] for index in case.wrong}
    counted = {index[0] for index in case.elements} - wrong
    if wrong and counted and not case.claimed[sorted(wrong)].any() and case.claimed.any():
        shown = ", ".join(map(str, sorted(counted)[:6]))
        return Explanation("series", f"only the share of row {shown} of the batch is counted, and that of the others is left out")
    return None


def _how_many(values: Array, wanted: np.longdouble, bar: float) -> int:
    """Of how many of the values (at most three) a number is the sum; 0 if of none."""
    room = 4 * bar + 1e-12
    if np.abs(values - wanted).min() <= room:
        return 1
    ordered = np.sort(values)
    rest = wanted - values
    at = np.clip(np.searchsorted(ordered, rest), 1, len(ordered) - 1)
    if min(np.abs(ordered[at] - rest).min(), np.abs(ordered[at - 1] - rest).min()) <= room:
        return 2
    if room * len(values) ** 3 > 1e-2:
        return 0
    pairs = np.array([a + b for a, b in combinations(values.tolist(), 2)])
    pairs.sort()
    rest = np.asarray(wanted - values, float)
    at = np.clip(np.searchsorted(pairs, rest), 1, len(pairs) - 1)
    return 3 if min(np.abs(pairs[at] - rest).min(), np.abs(pairs[at - 1] - rest).min()) <= room else 0
