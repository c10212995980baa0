"""Where do two honest runs part? `python -m lessons.parting resnet --adapter jax`.

A framework trains in float32, the reference in float64 from the same weights on the same batches. Before every step the
reference's forward shows what goes into each relu, with its own parameters and with the framework's: rounding keeps the two
together until a value has one sign here and the other there. From that step on each follows the gradient of its own piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any

import numpy as np
import typer

import adapters
from conformance import loops
from conformance.loops import Loop
from conformance.recipes import RECIPES, Recipe
from gradwitness.subjects.pair import floats_to, tree_map
from lessons.script import limit_threads, wanted
from reference.activations import relu

Array = np.ndarray[Any, np.dtype[Any]]
Weights = tuple[dict[str, Array], dict[str, Array]]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
MODELS = ("mlp", "resnet", "siamese")
"""Those with relus."""


@contextmanager
def watched() -> Iterator[list[Array]]:
    """While it lasts, what goes into relu.forward, call by call."""
    seen: list[Array] = []
    forward = relu.forward

    def noting(x: Array, /) -> tuple[Array, Array]:
        seen.append(np.array(x))
        return forward(x)

    relu.forward = noting
    try:
        yield seen
    finally:
        relu.forward = forward


def into_relus(recipe: Recipe, weights: Weights, batch: dict[str, Any]) -> list[Array]:
    """What goes into each relu of the reference's forward, in float64."""
    params, state = tree_map(floats_to(np.float64), weights)
    keywords = {**batch, **recipe.config, **({"state": state} if recipe.op.detached else {})}
    with watched() as seen:
        recipe.op.forward(params, *([keywords.pop("x")] if "x" in keywords else []), **keywords)
    return seen


def part(recipe: Recipe, ours: Loop, theirs: Loop, who: str, steps: int) -> Iterator[str]:
    """A line for each step: how far parameters are apart before it, and which relu's input has two signs. Ends with the first."""
    for number, batch in enumerate(islice(recipe.batches(np.float32), steps), start=1):
        wide = tree_map(floats_to(np.float64), batch)
        mine, other = ours.weights()[0], theirs.weights()[0]
        apart = max(float(np.abs(other[name] - value).max()) for name, value in mine.items())
        pairs = zip(*(into_relus(recipe, loop.weights(), wide) for loop in (ours, theirs)), strict=True)
        for layer, (here, there) in enumerate(pairs):
            crossed = (here > 0) != (there > 0)
            if crossed.any():
                at = tuple(int(i) for i in np.argwhere(crossed)[0])
                rms = float(np.sqrt(np.mean((here - there) ** 2)))
                yield (
                    f"step {number}: parameters {apart:.1e} apart; relu {layer}, {crossed.sum()} of {crossed.size} inputs "
                    f"crossed 0: at {list(at)} {here[at]:.3g} with the reference's parameters, {there[at]:.3g} with {who}'s; "
                    f"all are {rms:.1e} apart"
                )
                return
        yield f"step {number}: parameters {apart:.1e} apart, no input of a relu has two signs"
        theirs.step()
        ours.step()


_model = wanted(f"one of {', '.join(MODELS)}", lambda name: name in MODELS)
_adapter = wanted(f"one of {', '.join(adapters.NAMES)}", lambda name: name in adapters.NAMES)


@app.command()
def main(
    model: Annotated[str, typer.Argument(callback=_model, help=f"One with relus: {', '.join(MODELS)}.")],
    adapter: Annotated[str, typer.Option(callback=_adapter, help=f"One of {', '.join(adapters.NAMES)}.")] = "jax",
    steps: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
) -> None:
    """Print how far a framework's float32 run is from the float64 truth, up to the step at which a relu parts them."""
    limit_threads(1)
    recipe = RECIPES[model]
    conventions = adapters.load(adapter).models[recipe.model].conventions  # under which both compute the same
    ours = loops.reference(replace(recipe, config={**recipe.config, **conventions}), np.float64)
    for line in part(recipe, ours, loops.adapted(adapter, recipe, np.float32, threads=1), adapter, steps):
        typer.echo(line)
