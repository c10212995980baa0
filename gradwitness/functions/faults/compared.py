"""Gradients of another call against those that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond
from gradwitness.report.findings import Finding, elements


def compared(
    at: At, about: str, found: Sequence[Array | None], message: str, wanted: Sequence[Array | None] | None = None
) -> Iterator[Finding]:
    """Findings about gradients that should be those that were measured, or those that are wanted, where these are finite.

    What comes with cotangents of zeros is nan where a slope is infinite, and without it need not be.
    """
    for which, leaf in enumerate(at.subject.leaves):
        name = f"d{leaf.name}"
        other = at.gradients[which] if wanted is None else wanted[which]
        wrong = beyond(found[which], other, at.spreads[which])
        if wanted is not None and other is not None:
            wrong = wrong & np.isfinite(other)
        if wrong.any():
            yield Finding(f"{name}, {about}", "wrong", message.format(name), **elements(wrong))
