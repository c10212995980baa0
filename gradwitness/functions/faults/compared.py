"""Gradients of another call against those that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond
from gradwitness.report.findings import Finding, elements


def compared(
    at: At, about: str, found: Sequence[Array | None], message: str, wanted: Sequence[Array | None] | None = None
) -> Iterator[Finding]:
    """Findings about gradients that should be those that were measured, or those that are wanted."""
    for which, leaf in enumerate(at.subject.leaves):
        name = f"d{leaf.name}"
        other = at.gradients[which] if wanted is None else wanted[which]
        wrong = beyond(found[which], other, at.spreads[which])
        if wrong.any():
            yield Finding(f"{name}, {about}", "wrong", message.format(name), **elements(wrong))
