"""The figure: on the left the losses, on the right each element of the gradient against its central difference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot there is no window and no global state

from gradwitness.arrays import Array
from lessons.broken.experiment import Experiment

COLORS = {"right": "C0", "broken": "C3", "A": "C1", "B": "C4"}


def plot_question(columns: Mapping[str, Array], title: str, output: Path) -> None:
    """Save the losses of A and B, and nothing that tells which is which."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    figure.suptitle(title)
    _losses(figure.subplots(), columns)
    figure.savefig(output, dpi=120)


def plot(experiment: Experiment, output: Path) -> None:
    """Save the figure with both panels."""
    drawn(experiment).savefig(output, dpi=120)


def drawn(experiment: Experiment) -> Figure:
    """The figure."""
    figure = Figure(figsize=(13, 5), layout="constrained")
    figure.suptitle(f"{experiment.target.where}: {experiment.mistake.words}", fontsize=14)
    left, right = figure.subplots(1, 2)
    for other in experiment.right[1:]:
        left.plot(other, color="0.8", linewidth=1, label="right, other seeds" if other is experiment.right[1] else None)
    _losses(left, {"right": experiment.right[0], "broken": experiment.broken})
    _elements(right, experiment)
    return figure


def _losses(axes: Axes, columns: Mapping[str, Array]) -> None:
    for name, values in columns.items():
        axes.plot(values, color=COLORS[name], linewidth=2, linestyle="--" if name == "broken" else "-", label=name)
    shown = np.concatenate([values[np.isfinite(values)] for values in columns.values()])
    if shown.size and shown.min() > 0 and shown.max() > 30 * shown.min():
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss", title="the loss")
    axes.grid(alpha=0.3)
    axes.legend()


def _elements(axes: Axes, experiment: Experiment) -> None:
    """What backward returns against what central differences give: a right gradient lies on the line."""
    for name, marker, size in (("right", "o", 7), ("broken", "x", 7)):
        values = np.array([pair for _, *pair in experiment.elements[name]])
        axes.plot(values[:, 1], values[:, 0], marker, color=COLORS[name], markersize=size, fillstyle="none", label=name)
    ends = np.array([numeric for _, _, numeric in experiment.elements["right"]])
    line = [ends.min(), ends.max()]
    axes.plot(line, line, color="0.6", linewidth=1, zorder=0)
    axes.set(xlabel="by central differences", ylabel="what backward returns", title="each element of the gradient")
    axes.grid(alpha=0.3)
    axes.legend()
