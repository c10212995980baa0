"""The XOR lesson's table, and all that it prints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from gradwitness.arrays import Array
from lessons.columns import History
from lessons.xor.experiment import Experiment
from lessons.xor.geometry import gap, shown
from lessons.xor.setting import dead, learned
from lessons.xor.why import why
from lessons.xor.words import POINTS, agreement, verdict, witnesses
from reference.models.two_layer import XOR_Y


def beside(experiments: Sequence[Experiment]) -> Table:
    """The reference's runs side by side, one column for each setting."""
    rates = {experiment.setting.rate for experiment in experiments}
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for experiment in experiments:
        setting = experiment.setting
        grid.add_column(f"{setting}, rate {setting.rate:g}" if len(rates) > 1 else str(setting), justify="right")
    _rows(grid, [experiment.history for experiment in experiments], experiments[0].setting.epochs)
    ends = [(experiment.setting.recipe.start()[0], experiment.history.weights[0]) for experiment in experiments]
    grid.add_row("hidden layer, before and after")
    grid.add_row("  units that are dead", *(f"{dead(before)}, {dead(after)}" for before, after in ends))
    grid.add_row("  gap between the classes", *(f"{shown(gap(before))}, {shown(gap(after))}" for before, after in ends))
    return grid


def table(experiment: Experiment) -> Table:
    """Predictions and losses before, along and after training, one column for each implementation."""
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in experiment.columns.runs:
        grid.add_column(name, justify="right")
    _rows(grid, list(experiment.columns.runs.values()), experiment.setting.epochs)
    return grid


def _rows(grid: Table, histories: Sequence[History], epochs: int) -> None:
    """What was lost and predicted before, along and after each of these runs."""

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


def overview(experiments: Sequence[Experiment], console: Console) -> None:
    """Print the settings side by side, and why one learns and another does not."""
    setting = experiments[0].setting
    title = f"XOR in NumPy, seed {setting.seed}, {setting.epochs} epochs, {setting.loss}"
    console.print(title if len({e.setting.rate for e in experiments}) > 1 else f"{title}, rate {setting.rate:g}")
    console.print(beside(experiments))
    console.print(" ".join(why(experiments)), end="\n\n")


def show(experiment: Experiment, console: Console) -> None:
    """Print an experiment: the frameworks' columns, their agreement, witnesses, verdict."""
    setting = experiment.setting
    console.print(f"XOR: {setting}, seed {setting.seed}, rate {setting.rate:g}, {setting.epochs} epochs, {setting.loss}")
    if experiment.columns.others:
        console.print(table(experiment))
    else:
        console.print()
    for name, history in experiment.columns.runs.items():
        if history.steps < setting.epochs:
            console.print(f"Interrupted: {name} stopped after {history.steps} of {setting.epochs} epochs.", end="\n\n")
    for name, reason in experiment.columns.missing.items():
        console.print(f"No column for {name}: {reason}.", end="\n\n")
    for paragraph in (agreement(experiment), witnesses(experiment), verdict(experiment)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")
