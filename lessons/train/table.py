"""The table of `python -m lessons.train`, and all that it prints."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from lessons.train.comparison import Comparison
from lessons.train.words import agreement, definitions, learning, witnesses


def table(comparison: Comparison) -> Table:
    """Losses and scores along the way, and seconds, one column for each implementation."""
    recipe, histories = comparison.recipe, comparison.columns.runs.values()
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in comparison.columns.runs:
        grid.add_column(name, justify="right")
    grid.add_row("loss before the update of")
    for step in comparison.points:
        grid.add_row(f"  step {step}", *(f"{h.losses[step]:.6f}" if step < h.steps else "" for h in histories))
    grid.add_row("loss after the last", *(f"{h.losses[-1]:.6f}" for h in histories))
    grid.add_row(f"{recipe.metric} before the update of")
    along = [comparison.scores(h) for h in histories]
    for step in comparison.points:
        grid.add_row(f"  step {step}", *(f"{scores[step]:.4f}" if step in scores else "" for scores in along))
    grid.add_row(f"{recipe.metric} after the last", *(f"{comparison.score(h):.4f}" for h in histories))
    grid.add_row("seconds, first step", *(f"{h.seconds[0]:.2f}" for h in histories))
    grid.add_row("seconds, the others", *(f"{h.seconds[1]:.2f}" for h in histories))
    return grid


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison: table, score, agreement of the columns and its reasons, and what the trained network makes."""
    recipe = comparison.recipe
    rule = ", ".join([recipe.optimizer, *(f"{key} {value}" for key, value in recipe.hyper.items())])
    size = sum(value.size for value in recipe.start()[0].values())
    console.print(f"{comparison.name}: {size:,} parameters, {recipe.steps} steps, {rule}, {comparison.dtype}", soft_wrap=True)
    console.print(table(comparison))
    for name, history in comparison.columns.runs.items():
        if history.steps < recipe.steps:
            console.print(f"Interrupted: {name} stopped after {history.steps} of {recipe.steps} steps.", end="\n\n")
    for name, reason in comparison.columns.missing.items():
        console.print(f"No column for {name}: {reason}.", end="\n\n")
    for paragraph in (learning(comparison), definitions(comparison), agreement(comparison), witnesses(comparison)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")
    if recipe.sample is not None:
        for name, history in comparison.columns.runs.items():
            console.print(f"{name} makes:\n{recipe.sample(*history.weights)}", end="\n\n")
