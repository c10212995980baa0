"""What the lesson says about its runs, in a table, in words and in a figure. All of it is computed from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import Disagreement, K, judge
from lessons.columns import History
from lessons.xor.runs import LOSS, Outcome, learned, right
from reference.models.two_layer import XOR_X, XOR_Y

UNDECIDED = {"bce": ("ln 2 = 0.693147", math.log(2)), "mse": ("0.25", 0.25)}  # the loss of answering 0.5 to all four points
POINTS = [f"({a:.0f}, {b:.0f})" for a, b in XOR_X]


def distance(a: History, b: History) -> float:
    """The largest difference between two runs, as far as both went."""
    n = min(len(a.losses), len(b.losses))
    x, y = (h.values if a.steps == b.steps else np.concatenate([h.losses[:n], h.initial.ravel()]) for h in (a, b))
    with np.errstate(invalid="ignore"):
        return float(np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0, np.abs(x - y)).max())


def within_rounding(a: History, b: History, spread: float) -> bool:
    """The project's verdict on a, with b in the place of the truth."""
    try:
        judge("values", a.values, Measured(b.values, np.full(b.values.shape, spread)), np.float64)
    except Disagreement:
        return False
    return True


def agreement(outcome: Outcome) -> tuple[list[str], bool]:
    """How far the columns lie apart, in sentences; and whether rounding, or a rate in float32, explains all of it."""
    columns, spread, rounded = outcome.columns, outcome.spread, outcome.rounded
    pairs = list(combinations(columns.values(), 2))
    if not pairs:
        return [], True
    text = [f"Largest difference between the columns: {max(distance(a, b) for a, b in pairs):.1e}."]
    if spread is None:
        return text, False
    apart = {name: history for name, history in columns.items() if not within_rounding(history, columns["numpy"], spread)}
    text.append(
        f"Rounding alone moves these numbers by about {spread:.1e} (Monte Carlo arithmetic; {K:.0f} times that is allowed):"
    )
    text.append("that does not explain it." if apart else "the columns agree within rounding.")
    explained = True
    for name, history in apart.items():
        text.append(f"{name} lies {distance(history, columns['numpy']):.1e} from numpy.")
        if rounded is not None and within_rounding(history, rounded, spread):
            rate = outcome.setting.single().rate
            text.append(
                f"It keeps the rate in float32, {rate!r}: from NumPy with that rate it lies {distance(history, rounded):.1e}."
            )
        else:
            explained = False
    return text, explained


def verdict(outcome: Outcome, explained: bool) -> list[str]:
    """What became of the reference's run, in sentences. explained is what `agreement` says of the other columns."""
    setting, history = outcome.setting, outcome.columns["numpy"]
    first, last = history.losses[[0, -1]]
    epochs = f"{history.steps} epoch{'' if history.steps == 1 else 's'}"
    text = [f"With {setting} and seed {setting.seed} the network {_learned(history)} XOR in {epochs}:"]
    if learned(history):
        nearest = min(history.final.ravel(), key=lambda p: abs(p - 0.5))
        text.append(f"all four predictions are on the right side of 0.5, the least certain at {nearest:.4f}.")
    else:
        wrong = [point for point, hit in zip(POINTS, right(history), strict=True) if not hit]
        text.append(f"not on the right side of 0.5 for {', '.join(wrong)}.")
    cost, undecided = UNDECIDED[setting.loss]
    if not learned(history) and undecided <= last < first:
        text.append(f"The loss sinks from {first:.6f} to {last:.6f}, toward {cost}, the cost of answering 0.5 to everything;")
        text.append(f"all predictions lie within {np.abs(history.final - 0.5).max():.2g} of 0.5.")
    else:
        text.append(f"The loss went from {first:.6f} to {last:.6f}; answering 0.5 to everything costs {cost}.")
    if not learned(history) and explained and history.steps and setting.rate and np.isfinite(history.values).all():
        others = ", ".join(name for name in outcome.columns if name != "numpy")
        same = f", and {others} found the same" if others else ""
        text.append(f"Every gradient along the way is right{same}: correct gradients are necessary, not sufficient.")
    return text


def _learned(history: History) -> str:
    return "learned" if learned(history) else "did not learn"


def table(outcome: Outcome) -> Table:
    """Predictions and losses before, along and after training, one column per implementation."""
    histories = outcome.columns.values()
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in outcome.columns:
        grid.add_column(name, justify="right")

    def predictions(columns: Sequence[Array]) -> None:
        for point, wanted, *values in zip(POINTS, XOR_Y.flat, *columns, strict=True):
            grid.add_row(f"  {point}, wanted {wanted:.0f}", *(f"{value:.4f}" for value in values))

    grid.add_row("before training")
    grid.add_row("  loss", *(f"{h.losses[0]:.6f}" for h in histories))
    predictions([h.initial.ravel() for h in histories])
    if outcome.setting.epochs:
        grid.add_row("loss before the update of")
    for epoch in range(0, outcome.setting.epochs, 200 * max(1, math.ceil(outcome.setting.epochs / 2000))):  # ten rows at most
        grid.add_row(f"  epoch {epoch}", *(f"{h.losses[epoch]:.4f}" if epoch < h.steps else "" for h in histories))
    grid.add_row("after training")
    grid.add_row("  loss", *(f"{h.losses[-1]:.4f}" for h in histories))
    predictions([h.final.ravel() for h in histories])
    grid.add_row("  XOR learned", *("yes" if learned(h) else "no" for h in histories))
    return grid


def show(outcome: Outcome, console: Console) -> None:
    """Print a setting: table, agreement of the columns, verdict."""
    setting = outcome.setting
    console.print(f"XOR: {setting}, seed {setting.seed}, rate {setting.rate:g}, {setting.epochs} epochs, {setting.loss}")
    console.print(table(outcome))
    for name, history in outcome.columns.items():
        if history.steps < setting.epochs:
            console.print(f"Interrupted: {name} stopped after {history.steps} of {setting.epochs} epochs.", end="\n\n")
    for name, reason in outcome.missing.items():
        console.print(f"No column for {name}: {reason}.", end="\n\n")
    sentences, explained = agreement(outcome)
    for paragraph in (sentences, verdict(outcome, explained)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")


def plot(outcomes: Sequence[Outcome], output: Path) -> None:
    """Save the loss curves: the reference's as lines, the frameworks' as marks upon them."""
    from matplotlib.figure import Figure  # a second to import; without pyplot there is no window and no global state

    setting, *_ = (outcome.setting for outcome in outcomes)
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.add_subplot(title=f"XOR, seed {setting.seed}, rate {setting.rate:g}")
    axes.set(xlabel="epoch", ylabel=f"loss ({LOSS[setting.loss].replace('_', ' ')})")
    for i, name in enumerate(outcomes[0].columns):
        marks: dict[str, Any] = {"linestyle": "", "marker": " os^Dv<>"[i % 8], "fillstyle": "none"}
        apart = 0.0
        for outcome, color in zip(outcomes, ("C3", "C0"), strict=False):
            history = outcome.columns.get(name)
            if history is None:
                continue
            if name == "numpy":
                label = f"numpy, {outcome.setting}: {_learned(history)}"
                axes.plot(history.losses, color=color, label=label, marker="" if history.steps else ".")
            else:
                every = max(1, history.steps // 8)
                epochs = np.arange(every * i // len(outcomes[0].columns), history.steps + 1, every)
                axes.plot(epochs, history.losses[epochs], color=color, **marks)
                apart = max(apart, distance(history, outcome.columns["numpy"]))
        if name != "numpy":
            axes.plot([], [], color="0.2", label=f"{name}: at most {apart:.1e} from numpy", **marks)
    if setting.loss == "bce":
        axes.axhline(math.log(2), color="0.2", linestyle="--", linewidth=1, zorder=3, label="ln 2: answering 0.5 to everything")
    axes.update_datalim([(0, 0)])  # from zero on: otherwise a flat curve would fill the figure
    axes.autoscale_view()
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2)
    figure.savefig(output, dpi=150)
