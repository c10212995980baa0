"""The command of the parting lesson: where do two honest runs part?

A framework trains in float32, the reference in float64, from the same weights on the same batches. Before every step the
reference's forward shows what goes into each relu, once with its own parameters and once with the framework's. Rounding keeps the
two together until a value has one sign here and the other there. From that step on each follows the gradient of its own piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any

import numpy as np
import typer

import adapters
from conformance import loops
from conformance.extras import require
from conformance.loops import Loop
from conformance.recipes import RECIPES, Recipe
from gradwitness.arrays import Array
from gradwitness.frameworks import spec_of
from gradwitness.subjects.pair import floats_to, tree_map
from lessons.columns import Weights
from lessons.path import path_of
from lessons.script import limit_threads, wanted

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
MODELS = ("mlp", "resnet", "siamese")
"""The models that have relus."""


def into_relus(recipe: Recipe, weights: Weights, batch: dict[str, Any]) -> list[Array]:
    """What goes into each relu of the reference's forward, in float64."""
    params, state = tree_map(floats_to(np.float64), weights)
    return [call.inputs[0] for call in path_of(recipe, (params, state), batch) if call.name == "relu"]


def part(recipe: Recipe, ours: Loop, theirs: Loop, who: str, steps: int) -> Iterator[str]:
    """A line for each step: how far parameters are apart before it, and whether a relu's input has two signs. The first that has
    is the last line.
    """
    for number, batch in enumerate(islice(recipe.batches(np.float32), steps), start=1):
        wide = tree_map(floats_to(np.float64), batch)
        mine, other = ours.weights()[0], theirs.weights()[0]
        apart = max(float(np.abs(other[name] - value).max()) for name, value in mine.items())
        pairs = zip(*(into_relus(recipe, loop.weights(), wide) for loop in (ours, theirs)), strict=True)
        for layer, (here, there) in enumerate(pairs):
            crossed = (here > 0) != (there > 0)
            if crossed.any():
                index = tuple(int(i) for i in np.argwhere(crossed)[0])
                rms = float(np.sqrt(np.mean((here - there) ** 2)))
                yield (
                    f"step {number}: parameters {apart:.1e} apart; relu {layer}, {crossed.sum()} of {crossed.size} inputs "
                    f"crossed 0: at {list(index)} {here[index]:.3g} with the reference's parameters, {there[index]:.3g} with "
                    f"{who}'s; all are {rms:.1e} apart"
                )
                return
        yield f"step {number}: parameters {apart:.1e} apart, no input of a relu has two signs"
        theirs.step()
        ours.step()


_model = wanted(f"one of {', '.join(MODELS)}", lambda name: name in MODELS)
_adapter = wanted(f"one of {', '.join(adapters.NAMES)}", lambda name: name in adapters.NAMES)


@app.command()
def main(
    model: Annotated[str, typer.Argument(callback=_model, help=f"A model with relus: {', '.join(MODELS)}.")],
    adapter: Annotated[str, typer.Option(callback=_adapter, help=f"One of {', '.join(adapters.NAMES)}.")] = "jax",
    steps: Annotated[int, typer.Option(min=1, help="Stop after so many steps.")] = 100,
) -> None:
    """Print how far a framework's float32 run is from the float64 truth, up to the step at which a relu parts them."""
    require(adapter, spec_of(adapter).package)
    limit_threads(1)
    recipe = RECIPES[model]
    conventions = adapters.load(adapter).models[recipe.model].conventions  # under which both compute the same
    ours = loops.reference(replace(recipe, config={**recipe.config, **conventions}), np.float64)
    for line in part(recipe, ours, loops.adapted(adapter, recipe, np.float32, threads=1), adapter, steps):
        typer.echo(line)
