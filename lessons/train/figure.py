"""The figure of `python -m lessons.train`: losses and scores, and how far each loss lies from the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot there is no window and no global state

from gradwitness.verdict import K
from lessons.columns import History
from lessons.train.comparison import SIGHT, Comparison
from lessons.train.words import apart

LOSS, SCORE = "0.35", "#2a7f3f"


def plot(comparison: Comparison, output: Path) -> None:
    """Save the figure. The lower panel is there if there is something to compare."""
    figure = drawn(comparison)
    figure.savefig(output, dpi=150)


def drawn(comparison: Comparison) -> Figure:
    """The figure, one panel or two."""
    compared = bool(comparison.columns.others)
    figure = Figure(figsize=(8, 7 if compared else 4.5), layout="constrained")
    panels = figure.subplots(1 + compared, 1, sharex=True, squeeze=False, height_ratios=[3, 2][: 1 + compared])[:, 0]
    panels[0].set(title=f"{comparison.name}, {comparison.recipe.optimizer}, {comparison.dtype}", ylabel="loss")
    panels[-1].set(xlabel="step")
    _losses(panels[0], comparison)
    if compared:
        _distances(panels[1], comparison)
        if panels[1].get_lines():
            figure.legend(
                *panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=2, title="no line: no distance"
            )
    for axes in panels:
        axes.grid(alpha=0.3)
    return figure


def _losses(axes: Axes, comparison: Comparison) -> None:
    """The reference's losses and scores as lines, the frameworks' as marks upon them. The scores have the axis to the right."""
    count = len(comparison.columns.others)
    beside = axes.twinx()
    beside.set_ylabel(comparison.recipe.metric, color=SCORE)
    beside.tick_params(axis="y", labelcolor=SCORE)
    axes.plot(comparison.history.losses, color=LOSS, label="numpy: loss", marker="" if comparison.history.steps else ".")
    scores = comparison.scores(comparison.history)
    beside.plot(
        list(scores), list(scores.values()), color=SCORE, linestyle="--", label=f"numpy: {comparison.recipe.metric}", marker="."
    )
    for i, (name, history) in enumerate(comparison.columns.others.items(), start=1):
        every = max(count, history.steps // 12)  # so that no two marks are on one step
        steps = np.arange(every * (i - 1) // count, history.steps + 1, every)
        axes.plot(steps, history.losses[steps], linestyle="", label=name, **_style(i))
        theirs = comparison.scores(history)
        beside.plot(list(theirs), list(theirs.values()), linestyle="", **_style(i))
    (loss, *others), (score, *_) = (panel.get_legend_handles_labels()[0] for panel in (axes, beside))
    beside.legend(handles=[loss, score, *others], loc="center right")


def _distances(axes: Axes, comparison: Comparison) -> None:
    """How far each framework lies from the reference, beside what rounding explains. A distance of 0 has no logarithm."""
    axes.set(ylabel="distance from the reference")
    rounding = comparison.rounding
    for i, (name, history) in enumerate(comparison.columns.others.items(), start=1):
        far = _distance(history, comparison, name)
        if np.isfinite(far).any():
            axes.plot(far, color=f"C{i}", marker=".", markersize=3, linewidth=0.8, label=name)
    if rounding is not None and np.isfinite(rounding.losses).all():
        axes.plot(K * rounding.losses, color="0.2", linestyle="--", label=f"{K:.0f} times what rounding does")
        if comparison.reach < len(rounding.losses):
            axes.axvline(comparison.reach, color="0.2", linestyle=":", label=f"rounding may move a loss by {SIGHT:.0%}")
    if axes.get_lines():
        axes.set_yscale("log")


def _distance(history: History, comparison: Comparison, name: str) -> Any:
    far = apart(history, comparison.truth(name))
    return np.where(far > 0, far, np.nan)


def _style(i: int) -> dict[str, Any]:
    return {"color": f"C{i}", "marker": " os^Dv<>"[i % 8], "fillstyle": "none"}
