"""Of several outputs one is forgotten: backward does not use its cotangent."""

from __future__ import annotations

import numpy as np

from gradwitness.diagnosis.case import Case, Explanation

SEEN = 1e-7
"""Relative to the largest element: a difference that rounding does not make."""
SURE = 16
"""Error bars: a sum of slopes that is further from another is not the same."""
FEW = 4
"""Elements whose slopes are measured output by output."""


def forgotten(case: Case) -> Explanation | None:
    """An output whose cotangent changes nothing, and on which forward depends; with the word whether all else is right."""
    if not case.fits or len(case.douts) < 2 or case.slopes is None or not case.wrong:
        return None
    douts, unused, start = list(case.douts.items()), [], 0
    rest = np.ones(sum(dout.size for _, dout in douts), bool)
    for at, (name, dout) in enumerate(douts):
        came = case.again([0 * d if at == i else d for i, (_, d) in enumerate(douts)])
        same = came is not None and came.shape == case.array.shape
        if same and np.abs(came - case.claimed).max(initial=0) <= SEEN * np.abs(case.claimed).max(initial=0):
            unused.append((name, slice(start, start + dout.size)))
        start += dout.size
    measured = {index: case.slopes(index) for index in sorted(case.wrong)[:FEW]}
    missed = []
    for name, part in unused:
        if any(abs(values[part].sum()) > SURE * bars[part].sum() for values, bars in measured.values()):
            missed.append(name)
            rest[part] = False
    if not missed or len(missed) == len(douts):
        return None
    agree = all(abs(values[rest].sum() - case.claimed[i]) <= SURE * bars[rest].sum() for i, (values, bars) in measured.items())
    outs = " and ".join(name.removeprefix("d") for name in missed)
    said = f"Backward does not use {' and '.join(missed)}: what flows back from {outs} is missing"
    return Explanation("cotangent", f"{said}; all else is right" if agree else said)
