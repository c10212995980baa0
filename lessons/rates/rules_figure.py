"""The figure of the rules: what momentum and Adam make of the rate that is too small, and at which rates each of them learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure  # without pyplot there is no window and no global state
from matplotlib.ticker import NullFormatter

from lessons.rates.experiment import Experiment
from lessons.rates.task import spelled

NAMES = {"sgd": "plain gradient descent", "momentum": "momentum 0.9", "adam": "Adam"}
COLORS = {"sgd": "0.3", "momentum": "C0", "adam": "C1"}


def plot(experiments: Sequence[Experiment], output: Path) -> None:
    """Save the figure."""
    drawn(experiments).savefig(output, dpi=120)


def drawn(experiments: Sequence[Experiment]) -> Figure:
    """A row for each task: losses at the smallest rate to the left, last losses against the rate to the right."""
    figure = Figure(figsize=(13, 4.2 * len(experiments) + 0.4), layout="constrained")
    rows = figure.subplots(len(experiments), 2, squeeze=False)
    for (left, right), experiment in zip(rows, experiments, strict=True):
        small = min(experiment.rates)
        left.set_title(f"{experiment.task.name}: rate {spelled(small)}", fontsize=14)
        left.set(xlabel="step", ylabel="loss", yscale="log")
        right.set_title(f"{experiment.task.name}: loss after {experiment.task.steps} steps", fontsize=14)
        right.set(xlabel="learning rate", xscale="log", yscale="log")
        for rule, runs in experiment.swept.items():
            left.plot(runs[small].losses, color=COLORS[rule], linewidth=2, label=NAMES[rule])
            rates = [rate for rate in runs if rate in experiment.task.sweep]
            last = [float(runs[rate].losses[-1]) for rate in rates]
            right.plot(rates, last, color=COLORS[rule], linewidth=2, marker="o", label=NAMES[rule])
        right.axhline(float(experiment.swept["sgd"][small].losses[0]), color="0.5", linestyle="--", label="loss at the start")
        for axes in (left, right):
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.grid(alpha=0.3)
            axes.tick_params(labelsize=12)
            axes.xaxis.label.set_size(13)
            axes.yaxis.label.set_size(13)
    figure.legend(*rows[0][1].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=13)
    return figure
