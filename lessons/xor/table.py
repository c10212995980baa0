"""The XOR lesson's table, and all that it prints."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from gradwitness.arrays import Array
from lessons.xor.experiment import Experiment
from lessons.xor.setting import learned
from lessons.xor.words import POINTS, agreement, verdict, witnesses
from reference.models.two_layer import XOR_Y


def table(experiment: Experiment) -> Table:
    """Predictions and losses before, along and after training, one column for each implementation."""
    runs, epochs = experiment.columns.runs, experiment.setting.epochs
    histories = runs.values()
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in runs:
        grid.add_column(name, justify="right")

    def predictions(columns: Iterable[Array]) -> None:
        for point, wanted, *values in zip(POINTS, XOR_Y.flat, *columns, strict=True):
            grid.add_row(f"  {point}, wanted {wanted:.0f}", *(f"{value:.4f}" for value in values))

    grid.add_row("before training")
    grid.add_row("  loss", *(f"{h.losses[0]:.6f}" for h in histories))
    predictions(h.initial.ravel() for h in histories)
    if epochs:
        grid.add_row("loss before the update of")
    for epoch in range(0, epochs, 200 * max(1, math.ceil(epochs / 2000))):  # ten rows at most
        grid.add_row(f"  epoch {epoch}", *(f"{h.losses[epoch]:.4f}" if epoch < h.steps else "" for h in histories))
    grid.add_row("after training")
    grid.add_row("  loss", *(f"{h.losses[-1]:.4f}" for h in histories))
    predictions(h.final.ravel() for h in histories)
    grid.add_row("  XOR learned", *("yes" if learned(h) else "no" for h in histories))
    return grid


def show(experiment: Experiment, console: Console) -> None:
    """Print an experiment: table, agreement of the columns, witnesses, verdict."""
    setting = experiment.setting
    console.print(f"XOR: {setting}, seed {setting.seed}, rate {setting.rate:g}, {setting.epochs} epochs, {setting.loss}")
    console.print(table(experiment))
    for name, history in experiment.columns.runs.items():
        if history.steps < setting.epochs:
            console.print(f"Interrupted: {name} stopped after {history.steps} of {setting.epochs} epochs.", end="\n\n")
    for name, reason in experiment.columns.missing.items():
        console.print(f"No column for {name}: {reason}.", end="\n\n")
    for paragraph in (agreement(experiment), witnesses(experiment), verdict(experiment)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")
