"""What `python -m lessons.train` says about its runs, in a table, in words and in a figure. All of it is computed from them."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from conformance.recipes import RECIPES
from gradwitness.arrays import Array
from gradwitness.verdict import K
from lessons.columns import History
from lessons.train.runs import SIGHT, Outcome, common, definitions


def apart(a: History, b: History) -> Array:
    """How far two runs' losses lie apart, step by step, as far as both went."""
    n = common(a, b)
    x, y = a.losses[:n].astype(np.float64), b.losses[:n].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0, np.abs(x - y))


def table(outcome: Outcome) -> Table:
    """Losses along the way, score and seconds, one column per implementation."""
    recipe, histories = outcome.recipe, outcome.columns.values()
    grid = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in outcome.columns:
        grid.add_column(name, justify="right")
    grid.add_row("loss before the update of")
    for step in range(0, recipe.steps, max(1, math.ceil(recipe.steps / 10))):
        grid.add_row(f"  step {step}", *(f"{h.losses[step]:.6f}" if step < h.steps else "" for h in histories))
    grid.add_row("loss after the last", *(f"{h.losses[-1]:.6f}" for h in histories))
    grid.add_row(recipe.metric, *(f"{outcome.score(h):.4f}" for h in histories))
    grid.add_row("seconds, first step", *(f"{h.seconds[0]:.2f}" for h in histories))
    grid.add_row("seconds, the others", *(f"{h.seconds[1]:.2f}" for h in histories))
    return grid


def learning(outcome: Outcome) -> list[str]:
    """What the reference's run came to, in sentences."""
    recipe, history, whole = outcome.recipe, outcome.columns["numpy"], RECIPES[outcome.name]
    before, after = (recipe.score(outputs, recipe.test()[1]) for outputs in (history.initial, history.final))
    steps = f"{history.steps} step{'' if history.steps == 1 else 's'}"
    text = [f"numpy's {recipe.metric}: {before:.4f} before training, {after:.4f} after {steps}."]
    bounds = {"at least": whole.at_least, "at most": whole.at_most}
    asked = " and ".join(f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None)
    if asked and history.steps < whole.steps:
        text.append(f"After {whole.steps} steps it should be {asked}.")
    elif asked:
        text.append(f"It should be {asked}, and {'is' if recipe.reached(after) else 'is not'}.")
    return text


def agreement(outcome: Outcome) -> list[str]:
    """How far the columns lie apart and what explains it, in sentences."""
    columns, spread = outcome.columns, outcome.spread
    pairs = list(combinations(columns.values(), 2))
    if not pairs:
        return []
    text = [f"Largest difference between the columns' losses: {max(float(apart(a, b).max()) for a, b in pairs):.1e}."]
    for name in outcome.defined:
        if apart(outcome.truth(name), columns["numpy"]).any():
            told = ", ".join(f"{key}={value}" for own in definitions(outcome.recipe, name) for key, value in own.items())
            text.append(f"{name} is compared with the reference under {name}'s own definitions ({told}).")
    far = {name: apart(columns[name], outcome.truth(name)) for name in columns if name != "numpy"}
    if spread is None:
        text += [f"{name} lies at most {float(distance.max()):.1e} from the reference." for name, distance in far.items()]
        return [*text, "What rounding alone would do was not measured; --rounding measures it."]
    n = outcome.reach
    if not n:
        return [*text, "Rounding alone hides every loss."]
    text.append(f"Rounding alone moves the loss by {spread[0]:.1e} at the start and by up to {spread[n - 1]:.1e} along the way")
    text.append(f"(Monte Carlo arithmetic in {outcome.dtype}; {K:.0f} times that is allowed):")
    wrong = [name for name in far if not outcome.within_rounding(name)]
    text.append("that does not explain it." if wrong else "the columns agree within rounding.")
    text += [f"{name} lies {float(far[name][:n].max()):.1e} from the reference." for name in wrong]
    if n < len(spread):
        text.append(f"From step {n} on rounding may move the loss by more than {SIGHT:.0%} of it, and nothing is compared.")
    return text


def show(outcome: Outcome, console: Console) -> None:
    """Print a recipe's runs: table, score, agreement of the columns, and what the trained network makes."""
    recipe = outcome.recipe
    rule = ", ".join([recipe.optimizer, *(f"{key} {value}" for key, value in recipe.hyper.items())])
    size = sum(value.size for value in recipe.start()[0].values())
    console.print(f"{outcome.name}: {size:,} parameters, {recipe.steps} steps, {rule}, {outcome.dtype}", soft_wrap=True)
    console.print(table(outcome))
    for name, history in outcome.columns.items():
        if history.steps < recipe.steps:
            console.print(f"Interrupted: {name} stopped after {history.steps} of {recipe.steps} steps.", end="\n\n")
    for name, reason in outcome.missing.items():
        console.print(f"No column for {name}: {reason}.", end="\n\n")
    for paragraph in (learning(outcome), agreement(outcome)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")
    if recipe.sample is not None:
        for name, history in outcome.columns.items():
            console.print(f"{name} makes:\n{recipe.sample(*history.weights)}", end="\n\n")


def plot(outcome: Outcome, output: Path) -> None:
    """Save the loss curves, and below them how far each lies from the reference, beside what rounding explains."""
    from matplotlib.figure import Figure  # a second to import; without pyplot there is no window and no global state

    figure = Figure(figsize=(8, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    above.set(title=f"{outcome.name}, {outcome.recipe.optimizer}, {outcome.dtype}", ylabel="loss")
    below.set(xlabel="step", ylabel="distance from the reference")
    for i, (name, history) in enumerate(outcome.columns.items()):
        if name == "numpy":
            above.plot(history.losses, color="0.6", label="numpy", marker="" if history.steps else ".")
            continue
        style = {"color": f"C{i}", "marker": " os^Dv<>"[i % 8], "fillstyle": "none"}
        every = max(1, history.steps // 12)
        at = np.arange(every * (i - 1) // len(outcome.columns), history.steps + 1, every)
        above.plot(at, history.losses[at], linestyle="", label=name, **style)
        far = apart(history, outcome.truth(name))
        below.plot(np.where(far > 0, far, np.nan), color=f"C{i}", linewidth=0.8, label=name)
    if outcome.spread is not None and np.isfinite(outcome.spread).all():
        below.plot(K * outcome.spread, color="0.2", linestyle="--", label=f"{K:.0f} times what rounding does")
        if outcome.reach < len(outcome.spread):
            below.axvline(outcome.reach, color="0.2", linestyle=":", label=f"rounding may move a loss by {SIGHT:.0%}")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    above.legend()
    if below.get_lines():
        below.set_yscale("log")
        figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.savefig(output, dpi=150)
