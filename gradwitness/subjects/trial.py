"""Which of several styles is meant, where signatures leave it open: each is tried, and what works is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.likeness import alike
from gradwitness.subjects.style import Style

Gradients = list[Any]


def chosen(found: Sequence[tuple[int, Style]], attempt: Callable[[Style], Gradients], shapes: Sequence[tuple[int, ...]]) -> Style:
    """The style whose gradients fit; of several that do the one with the most evidence.

    found     points for the evidence, and styles
    attempt   calls forward and backward in a style. May raise what users' code raises
    shapes    of the gradients that are wanted

    Raises BadCall where two are as likely, and differ.
    """
    tried = []
    for points, style in found:
        gradients = _gradients(attempt, style)
        tried.append(((_fit(gradients, shapes), points), style, gradients or []))
    best = max(rank for rank, _, _ in tried)
    likely = [(style, gradients) for rank, style, gradients in tried if rank == best]
    first = likely[0][1]
    if not all(alike(first, gradients) for _, gradients in likely[1:]):
        ways = " and ".join(style.words for style, _ in likely)
        raise BadCall("cached", "not given, and the call can be read in two ways", f"True or False, for {ways} both work")
    return likely[0][0]


def _gradients(attempt: Callable[[Style], Gradients], style: Style) -> Gradients | None:
    try:
        return attempt(style)
    except (UserError, BadCall):
        return None


def _fit(gradients: Gradients | None, shapes: Sequence[tuple[int, ...]]) -> int:
    """2 for gradients that fit, 1 for something else, 0 where the user's code raised."""
    if gradients is None:
        return 0
    given = [(np.shape(gradient), shape) for gradient, shape in zip(gradients, shapes, strict=True) if gradient is not None]
    return 2 if given and all(got == wanted for got, wanted in given) else 1
