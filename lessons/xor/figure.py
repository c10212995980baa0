"""The XOR lesson's figure: loss curves, and what each network answers all over the plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot there is no window and no global state

from lessons.xor.experiment import Experiment, distance
from lessons.xor.setting import LOSS
from lessons.xor.words import outcome
from reference.models import two_layer
from reference.models.two_layer import XOR_X, XOR_Y

COLORS = {1: ("C3",), 2: ("C3", "C0"), 3: ("C3", "C1", "C0")}
"""Of one, two or three experiments."""


SIDE = 81
"""Points of the map of answers along each input."""


def plot(experiments: Sequence[Experiment], output: Path) -> None:
    """Save the figure."""
    drawn(experiments).savefig(output, dpi=150)


def drawn(experiments: Sequence[Experiment]) -> Figure:
    """The loss curves to the left, and to the right what each network answers all over the plane of its inputs."""
    count = len(experiments)
    figure = Figure(figsize=(7 + 3.6 * count, 5.6), layout="constrained")
    axes, *maps = figure.subplots(1, 1 + count, width_ratios=[7, *[3.6] * count])
    _losses(axes, experiments)
    figure.legend(loc="outside lower center", ncols=2)
    for panel, experiment in zip(maps, experiments, strict=True):
        _answers(panel, experiment)
    return figure


def _losses(axes: Axes, experiments: Sequence[Experiment]) -> None:
    """The reference's losses as lines, the frameworks' as marks upon them."""
    setting, names = experiments[0].setting, list(experiments[0].columns.runs)
    colors = COLORS[len(experiments)]
    axes.set_title(f"XOR, seed {setting.seed}")
    axes.set(xlabel="epoch", ylabel=f"loss ({LOSS[setting.loss].replace('_', ' ')})")
    for i, name in enumerate(names):
        marks: dict[str, Any] = {"linestyle": "", "marker": " os^Dv<>"[i % 8], "fillstyle": "none"}
        apart = 0.0
        for experiment, color in zip(experiments, colors, strict=True):
            history = experiment.columns.runs.get(name)
            if history is None:
                continue
            if name == "numpy":
                label = f"numpy, {experiment.setting}, rate {experiment.setting.rate:g}: {outcome(history)}"
                axes.plot(history.losses, color=color, label=label, marker="" if history.steps else ".")
            else:
                every = max(len(names) - 1, history.steps // 8)  # so that no two marks are on one epoch
                epochs = np.arange(every * (i - 1) // (len(names) - 1), history.steps + 1, every)
                axes.plot(epochs, history.losses[epochs], color=color, **marks)
                apart = max(apart, distance(history, experiment.history))
        if name != "numpy":
            axes.plot([], [], color="0.2", label=f"{name}: at most {apart:.1e} from numpy", **marks)
    if setting.loss == "bce":
        axes.axhline(math.log(2), color="0.2", linestyle="--", linewidth=1, zorder=3, label="ln 2: answering 0.5 to everything")
    axes.update_datalim([(0, 0)])  # from zero on: otherwise a flat curve would fill the figure
    axes.autoscale_view()
    axes.grid(alpha=0.3)


def _answers(axes: Axes, experiment: Experiment) -> None:
    """What the reference's network answers after training: red for 1, blue for 0, white for 0.5, where the line is."""
    setting, history = experiment.setting, experiment.history
    side = np.linspace(-0.25, 1.25, SIDE)
    plane = np.stack([axis.ravel() for axis in np.meshgrid(side, side)], axis=1)
    with np.errstate(all="ignore"):  # after too large a rate, parameters overflow
        answers = two_layer.predict(history.weights[0], plane).reshape(SIDE, SIDE)
    axes.imshow(answers, origin="lower", extent=(-0.25, 1.25, -0.25, 1.25), vmin=0, vmax=1, cmap="coolwarm", alpha=0.75)
    if np.nanmin(answers) < 0.5 < np.nanmax(answers):
        axes.contour(side, side, answers, [0.5], colors="black", linewidths=1.5)
    for (x, y), wanted, answer in zip(XOR_X, XOR_Y.flat, history.final.flat, strict=True):
        axes.plot(x, y, marker="o", markersize=9, color="C3" if wanted else "C0", markeredgecolor="black")
        axes.text(x, y + 0.07, f"{answer:.2f}", ha="center", fontsize=12)
    axes.set_title(f"{setting}: {outcome(history)}", fontsize=12)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 1], yticks=[0, 1])
