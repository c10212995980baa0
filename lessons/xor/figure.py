"""The XOR lesson's figure: the reference's loss curves as lines, the frameworks' as marks upon them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure  # without pyplot there is no window and no global state

from lessons.xor.experiment import Experiment, distance
from lessons.xor.setting import LOSS
from lessons.xor.words import outcome

COLORS = {1: ("C3",), 2: ("C3", "C0"), 3: ("C3", "C1", "C0")}
"""Of one, two or three experiments."""


def plot(experiments: Sequence[Experiment], output: Path) -> None:
    """Save the loss curves."""
    setting, names = experiments[0].setting, list(experiments[0].columns.runs)
    colors = COLORS[len(experiments)]
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.add_subplot(title=f"XOR, seed {setting.seed}")
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
    figure.legend(loc="outside lower center", ncols=2)
    figure.savefig(output, dpi=150)
