"""The command of the lesson on a broken backward."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.learning.choice import RATES, SEEDS, TRIED
from gradwitness import BadCall, UserError
from lessons.broken import figure, quiz
from lessons.broken.experiment import Experiment, chosen, rate_of
from lessons.broken.measured import FILE, over_all
from lessons.broken.mistakes import Mistake, named
from lessons.broken.own import of_file
from lessons.broken.target import Target, of_op
from lessons.broken.words import introduction, losses, show, told
from lessons.progress import progress
from lessons.script import limit_threads, wanted
from lessons.script import output as _output
from reference import OPS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_rate = wanted("a finite number above 0", lambda x: math.isfinite(x) and x > 0)
_seed = wanted("0 or more", lambda n: n >= 0)


@app.command()
def main(
    where: Annotated[str, typer.Argument(metavar="OP | FILE.py[:LINE]", help="An op, or a file of yours and the line to break.")],
    mistake: Annotated[str | None, typer.Option(metavar="NAME", help="Plant this one; --list has the names.")] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Only list the mistakes that can be planted. It gives them away.")
    ] = False,
    no_guess: Annotated[bool, typer.Option("--no-guess", help="Ask nothing: so it is, too, where there is no terminal.")] = False,
    seed: Annotated[int, typer.Option(callback=_seed, help="Which mistake, and which of the two runs is A.")] = 0,
    rate: Annotated[float | None, typer.Option(callback=_rate, help="Learning rate, if not the best for the right code.")] = None,
    forward: Annotated[str, typer.Option(help="Name of the forward in a file of yours.")] = "forward",
    backward: Annotated[str, typer.Option(help="Name of its backward.")] = "backward",
    inputs: Annotated[str, typer.Option(help="Name of what forward is called with there, or of a function of it.")] = "inputs",
    output: Annotated[Path, typer.Option(callback=_output, help="Where the figure goes.")] = Path("broken.png"),
) -> None:
    """Plant a mistake that people make in a backward, and train with it: the loss may still go down. Guess; then see who tells.

    Exit status: 1 if your own backward is wrong before anything is planted, 130 after Ctrl-C.
    """
    limit_threads(1)
    console = Console(highlight=False, markup=False)
    target = _target(where, forward, backward, inputs)
    among = _among(target, mistake)
    if list_:
        for each in among:
            console.print(f"{each.name:45} {each.before}  ->  {each.after}", soft_wrap=True)
        return
    before = target.check() if where not in OPS else None
    if before is not None and before.verdict == "wrong":
        console.print(f"{backward} is wrong before anything is planted. gradwitness.check says: {told(before)}", soft_wrap=True)
        raise typer.Exit(1)
    planted = chosen(target, among, seed)
    if planted is None:
        raise typer.BadParameter("no mistake that can be planted there makes a wrong gradient at its inputs", param_hint="OP")
    try:
        _lesson(target, planted, rate, seed, output, console, asks=not no_guess and sys.stdin.isatty())
    except KeyboardInterrupt:
        console.print("Interrupted.")
        raise typer.Exit(130) from None


def _target(where: str, forward: str, backward: str, inputs: str) -> Target:
    if where in OPS:
        return of_op(where)
    if ".py" not in where:
        raise typer.BadParameter(f"{where!r} came; wanted mine.py:12, or one of {', '.join(OPS)}", param_hint="OP")
    try:
        return of_file(where, forward, backward, inputs)
    except (ValueError, BadCall, UserError) as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None


def _among(target: Target, mistake: str | None) -> list[Mistake]:
    """The mistakes of the name that was asked for, or all."""
    if not target.mistakes:
        raise typer.BadParameter(f"nothing in the backward of {target.name} can be broken", param_hint="OP")
    among = named(target.mistakes, mistake) if mistake else target.mistakes
    if not among:
        names = ", ".join(each.name for each in target.mistakes)
        raise typer.BadParameter(f"{mistake!r} came; wanted one of {names}", param_hint="--mistake")
    return among


def _lesson(
    target: Target, planted: Mistake, rate: float | None, seed: int, output: Path, console: Console, *, asks: bool
) -> None:
    with progress(len(SEEDS) + 1) as watch:
        if rate is None:
            watch(f"looking for the best of {len(RATES)} rates, {len(TRIED)} runs each")
        experiment = Experiment(target, planted, rate_of(target, rate))
        experiment.run(watch("training"))
    console.print(" ".join(introduction(experiment)), end="\n\n")
    runs = {"right": experiment.right[0], "broken": experiment.broken}
    if asks:
        hidden = dict(zip("AB", (runs[which] for which in quiz.order(seed)), strict=True))
        console.print(losses(hidden))
        figure.plot_question(hidden, f"{target.where}: which of the two has the mistake?", output)
        console.print(f"The losses are drawn in {output}.", soft_wrap=True)
        say: Callable[[str], None] = console.print
        quiz.ask_both(planted, target.mistakes, seed, input, say)
    else:
        console.print(losses(runs))
    show(experiment, console)
    if FILE.exists():
        console.print(" ".join(over_all()), end="\n\n")
    figure.plot(experiment, output)
    console.print(f"Figure saved to {output}", soft_wrap=True)
