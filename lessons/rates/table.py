"""All that `python -m lessons.rates` prints."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from lessons.rates.curvature import curvature
from lessons.rates.experiment import Experiment
from lessons.rates.rules_figure import NAMES
from lessons.rates.surface import named, places
from lessons.rates.task import HYPER, spelled
from lessons.rates.words import CRITERIA, lost
from lessons.script import listed


def definitions(console: Console) -> None:
    """Print what each word means."""
    console.print("What the words mean; the first that holds is taken:")
    for word, meaning in CRITERIA.items():
        console.print(f"  {word:11}  {meaning}", soft_wrap=True)
    console.print()


def show(experiment: Experiment, console: Console) -> None:
    """Print a task: its five runs, why they go as they do, and what the rules change."""
    task = experiment.task
    console.print(f"{task.name}: {task.steps} steps of gradient descent on all points at once")
    console.print(table(experiment))
    for paragraph in (why(experiment), rules(experiment)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")


def table(experiment: Experiment) -> Table:
    """One row for each rate."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("rate", "loss at the end", "lost in rising steps", experiment.task.metric):
        grid.add_column(name, justify="right")
    grid.add_column("word")
    for rate, history in experiment.runs.items():
        share = lost(history.losses)
        grid.add_row(
            spelled(rate),
            f"{history.losses[-1]:.4f}",
            f"{share:.1%}" if share < 10 else "more than was won",
            f"{experiment.task.scored(history.final):.2f}",
            experiment.words[rate],
        )
    return grid


def why(experiment: Experiment) -> list[str]:
    """What the loss at the start was, what curvature says of the rates, and which weights the figure shows."""
    text = [f"Every run starts at the loss {float(next(iter(experiment.runs.values())).losses[0]):.4f}."]
    good = experiment.rate_of("good")
    if good is not None:
        history = experiment.runs[good]
        sharpest = curvature(experiment.task, history.weights[0])
        if sharpest is not None:
            c = f"{sharpest:.3g}"
            text.append(f"Where the run with the rate {spelled(good)} ended, the largest second derivative of the loss, over all")
            text.append(
                f"directions, is {c}. In that direction, if the loss were a parabola, a step would cross the bottom of the"
            )
            text.append(
                f"valley at a rate above 1/{c} = {1 / sharpest:.3g}, and would end higher on the other side at a rate above"
            )
            text.append(f"2/{c} = {2 / sharpest:.3g}.")
    first, second = map(named, places(experiment))
    steady = "" if set(experiment.words.values()) == {"diverging"} else " that does not diverge"
    text.append(
        f"The figure shows the path of the weights {first} and {second}, which went the longest way at the largest rate{steady}."
    )
    return text


def rules(experiment: Experiment) -> list[str]:
    """What momentum and Adam change; nothing where their runs have not all ended."""
    if len(experiment.swept) < len(HYPER):
        return []
    small = min(experiment.rates)
    ends = {rule: float(runs[small].losses[-1]) for rule, runs in experiment.swept.items()}
    told = [f"{end:.4f} with {NAMES[rule]}" for rule, end in ends.items()]
    text = [f"At the rate {spelled(small)} the loss ends at {listed(told)}."]
    text.append("Momentum adds up steps of one direction: in the end each is as long as 1 / (1 - 0.9) = 10 plain ones.")
    moves = {rule: experiment.first_move(rule, small) for rule in HYPER}
    text.append(
        f"Adam divides each gradient by its own size: its first step moves a weight by {moves['adam']:.3g} at most, the rate;"
    )
    text.append(f"plain gradient descent's by {moves['sgd']:.3g}.")
    text.append("Of the rates that were tried, these are good or large:")
    parts = []
    for rule in experiment.swept:
        learned = [spelled(rate) for rate, word in experiment.swept_words(rule).items() if word in ("good", "large")]
        parts.append(f"{', '.join(learned) or 'none'} for {NAMES[rule]}")
    return [*text, f"{'; '.join(parts)}."]
