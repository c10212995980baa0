"""Which word belongs to a run: each is defined by something that can be measured in its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradwitness.arrays import Array

WORDS = ("too small", "good", "large", "oscillating", "diverging")
LARGE, OSCILLATING, CLOSE = 0.02, 0.25, 0.9
CRITERIA: Mapping[str, str] = {
    "diverging": "the loss ends above its start, or is no number any more",
    "oscillating": f"it ends below, but of what falling steps won, rising steps lost at least {OSCILLATING:.0%}",
    "large": f"rising steps lost at least {LARGE:.0%} of it",
    "too small": f"rising steps lost less, and the loss came down less than {CLOSE:.0%} as far as in the best run",
    "good": f"rising steps lost less, and the loss came down at least {CLOSE:.0%} as far",
}
"""Word -> when it is used. The first that holds is taken."""


def lost(losses: Array) -> float:
    """What the steps in which the loss rises lose, as a share of what the others win; inf if nothing is won, nan with nan."""
    change = np.diff(losses.astype(np.float64))
    won, given = -change[change < 0].sum(), change[change > 0].sum()
    if np.isnan(losses).any():
        return float("nan")
    return float(given / won) if won else (float("inf") if given else 0.0)


def fall(losses: Array) -> float:
    """How far the loss came down; 0 for one that did not."""
    down = float(losses[0]) - float(losses[-1])
    return max(down, 0.0) if np.isfinite(down) else 0.0


def word(losses: Array, best: float) -> str:
    """The word for a run. best is the furthest fall of all runs that it is compared with."""
    if not losses[-1] <= losses[0]:
        return "diverging"
    share = lost(losses)
    if not share < OSCILLATING:
        return "oscillating"
    if share >= LARGE:
        return "large"
    return "too small" if fall(losses) < CLOSE * best else "good"


def words(runs: Sequence[Array]) -> list[str]:
    """The word for each of these losses."""
    best = max(map(fall, runs), default=0.0)
    return [word(losses, best) for losses in runs]
