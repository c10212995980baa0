"""The command of the training lesson.

A recipe (conformance/recipes) names a model, its start, its batches and its optimizer. They are the same in every column.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from conformance.recipes import RECIPES
from lessons.columns import COLUMNS, held
from lessons.progress import progress
from lessons.script import Threads, chosen, limit_threads, threads_in_use, wanted
from lessons.script import adapter as _adapter
from lessons.script import output as _output
from lessons.train.comparison import DEAR, Comparison
from lessons.train.figure import plot
from lessons.train.table import show

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_model = wanted(f"one of {', '.join(RECIPES)}", lambda name: name in RECIPES)
_steps = wanted("0 or more", lambda n: n >= 0)


@app.command()
def main(
    model: Annotated[str, typer.Argument(callback=_model, help=f"What is trained: {', '.join(RECIPES)}.")],
    steps: Annotated[int | None, typer.Option(callback=_steps, help="Updates, if not as many as the recipe has.")] = None,
    dtype: Annotated[Literal["float64", "float32"], typer.Option(help="What all columns compute in.")] = "float64",
    rounding: Annotated[
        bool | None,
        typer.Option(
            "--rounding/--no-rounding",
            help=f"Measure what rounding alone does. By default if columns are compared and numpy takes under {DEAR:g} s.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(callback=_output, help="Where the loss curves go.", show_default="MODEL.png")
    ] = None,
    adapter: Annotated[
        list[str] | None, typer.Option(callback=_adapter, help=f"Only this column (repeatable): {', '.join(COLUMNS)}.")
    ] = None,
    threads: Threads = 1,
) -> None:
    """Train MODEL on its data in NumPy, which is always shown, and in every installed framework, side by side.

    Exit status: 1 if an op is wrong or the columns differ and nothing explains it, 130 after Ctrl-C.
    """
    recipe = RECIPES[model]
    figure = output or Path(f"{model}.png")
    _output(figure)  # the name by default, too
    if steps is not None:
        there = steps if steps <= recipe.steps else sum(1 for _ in islice(recipe.data(), steps))
        if there < steps:
            raise typer.BadParameter(f"{steps} came; wanted at most {there}, for there are no more batches", param_hint="--steps")
        recipe = replace(recipe, steps=steps)
    comparison = Comparison(model, recipe, dtype)
    limit_threads(threads)
    interrupted = False
    with progress(recipe.steps) as watch:
        try:
            comparison.fill(chosen(adapter), rounding, watch, threads)
        except KeyboardInterrupt:
            interrupted = True
    with held() as asked:
        console = Console(highlight=False, markup=False)
        if comparison.columns.runs:
            show(comparison, console)
            plot(comparison, figure)
            console.print(threads_in_use(threads), end="\n\n")
            console.print(f"Loss curves saved to {figure}", soft_wrap=True)
        if interrupted or asked.is_set():
            console.print("Interrupted: what was done by then is above.")
            raise typer.Exit(130)
    if comparison.failed:
        raise typer.Exit(1)
