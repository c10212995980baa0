"""The figure of five rates: a column for each, and for each task a row of losses and a row of paths over the loss surface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot there is no window and no global state
from matplotlib.ticker import MaxNLocator

from gradwitness.arrays import Array
from lessons.rates.experiment import Experiment, path, traced
from lessons.rates.surface import frame, named, places, surface
from lessons.rates.task import spelled

COLORS = {"too small": "C0", "good": "C2", "large": "C1", "oscillating": "C4", "diverging": "C3"}
GRID = 31
"""Points of the surface along each weight."""
FLAT = 1e-6
"""A surface that rises by less than this share of itself is drawn flat."""
MARKS = (
    "circle: start, star: end; grey: the loss as a function of the two weights, the lighter the lower, the others as at the end"
)


def plot(experiments: Sequence[Experiment], output: Path) -> None:
    """Save the figure."""
    drawn(experiments).savefig(output, dpi=120)


def drawn(experiments: Sequence[Experiment], grid: int = GRID) -> Figure:
    """The figure: two rows for each task."""
    columns = max(len(experiment.runs) for experiment in experiments)
    figure = Figure(figsize=(16, 4.5 * len(experiments)), layout="constrained")
    parts = figure.subfigures(len(experiments), 1, squeeze=False)[:, 0]
    for part, experiment in zip(parts, experiments, strict=True):
        title = f"{experiment.task.name}, {experiment.task.steps} steps   ({MARKS})"
        part.suptitle(title, fontsize=13, x=0.01, ha="left")
        panels = part.subplots(2, columns, squeeze=False, height_ratios=[1, 1.15])
        _losses(panels[0], experiment)
        _paths(panels[1], experiment, grid)
        for axes in panels[:, len(experiment.runs) :].ravel():
            axes.axis("off")
    return figure


def _losses(panels: Sequence[Axes], experiment: Experiment) -> None:
    """Each run's losses; the other runs' in grey."""
    everything = np.concatenate([history.losses for history in experiment.runs.values()])
    finite = everything[np.isfinite(everything) & (everything > 0)]
    for axes, (rate, word) in zip(panels, experiment.words.items(), strict=False):
        for other in experiment.runs.values():
            axes.plot(other.losses, color="0.85", linewidth=1)
        axes.plot(experiment.runs[rate].losses, color=COLORS[word], linewidth=1.8)
        axes.set(yscale="log", ylim=(finite.min() / 1.5, finite.max() * 1.5))
        axes.set_title(f"rate {spelled(rate)}: {word}", fontsize=14, color=COLORS[word])
        axes.grid(alpha=0.3)
        axes.set_xlabel("step", labelpad=0)
        axes.tick_params(labelleft=axes is panels[0])
    panels[0].set_ylabel("loss")


def _paths(panels: Sequence[Axes], experiment: Experiment, grid: int) -> None:
    """Each run's path of two weights over its surface."""
    pair = places(experiment)
    (left, right), (low, high) = frame(experiment, pair)
    xs, ys = np.linspace(left, right, grid), np.linspace(low, high, grid)
    surfaces = [surface(experiment.task, traced(history)[-1], pair, xs, ys) for history in experiment.runs.values()]
    for axes, values, (rate, history) in zip(panels, surfaces, experiment.runs.items(), strict=False):
        color = COLORS[experiment.words[rate]]
        _contours(axes, xs, ys, values)
        x, y = (path(history, place) for place in pair)
        axes.plot(x, y, color=color, marker=".", markersize=3, linewidth=0.8)
        axes.plot(x[0], y[0], marker="o", markersize=7, markerfacecolor="white", color="black", linestyle="")
        inside = (x >= left) & (x <= right) & (y >= low) & (y <= high)
        if inside[-1]:
            axes.plot(x[-1], y[-1], marker="*", markersize=11, color=color, markeredgecolor="black", linestyle="")
        if not inside.all():
            axes.text(0.5, 0.04, f"leaves the picture in step {int(np.argmin(inside))}", transform=axes.transAxes, ha="center")
        axes.set(xlim=(left, right), ylim=(low, high))
        axes.set_xlabel(named(pair[0]), labelpad=0)
        axes.tick_params(labelleft=axes is panels[0])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(4, prune="both"))
    panels[0].set_ylabel(named(pair[1]))


def _contours(axes: Axes, xs: Array, ys: Array, values: Array) -> None:
    """The surface in grey, the lower the lighter, on a scale of its own. A flat surface is all of one grey."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if np.isfinite([low, high]).all() and high - low > FLAT * high:
        axes.contourf(xs, ys, values, np.linspace(low, high, 16), cmap="Greys", alpha=0.55)
    else:
        axes.set_facecolor("0.7")
