"""Why JAX's deep GPTs are slow on a CPU: what XLA's fusion computes more than once.

    python -m benchmarks.jax_fusion [--depth N ...]

XLA puts the elementwise steps before an operation into it. A step that several operations need is put into each of them, and
computed anew there. The sum of residuals that runs through a GPT is needed by every layer, and its gradient as well: the deeper
the network, the more of it is repeated. The table has the instructions of the compiled gradient and its time, a layer each, with
that pass of the compiler and without it. Without it every step writes its result to memory, which is slow by itself.
"""

from __future__ import annotations

import re
import statistics
import time
from typing import Annotated, NamedTuple

import jax
import numpy as np
import typer
from jax.stages import Compiled
from rich.console import Console
from rich.table import Table

from adapters.jax.models.gpt import GPT

DEPTHS = (1, 2, 4, 8, 16)
BATCH, CONTEXT, WIDTH, VOCABULARY = 8, 64, 128, 65
CALLS = 9
INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?[\w.-]+ = ", re.MULTILINE)
WITHOUT = {"xla_disable_hlo_passes": "fusion"}


class Measured(NamedTuple):
    """Of a compiled gradient, for each layer of the network: its instructions, and milliseconds of the processor's time."""

    instructions: float
    milliseconds: float


def measure(depth: int, options: dict[str, str | bool]) -> Measured:
    """The gradient of the loss of a GPT of this depth, compiled with these options."""
    tokens = np.random.default_rng(0).integers(0, VOCABULARY, (BATCH, CONTEXT))
    model = GPT(VOCABULARY, CONTEXT, WIDTH, depth)
    variables = model.init(jax.random.key(0), tokens)

    def loss(variables: object) -> jax.Array:
        return model.apply(variables, tokens, tokens, method="loss")

    compiled = jax.jit(jax.grad(loss)).lower(variables).compile(compiler_options=options)
    return Measured(count(compiled.as_text()) / depth, _milliseconds(compiled, variables) / depth)


def count(program: str) -> int:
    """The instructions of a compiled program, those inside of fusions included."""
    return len(INSTRUCTION.findall(program))


def _milliseconds(compiled: Compiled, variables: object) -> float:
    seconds = []
    for _ in range(CALLS):
        start = time.process_time()
        jax.block_until_ready(compiled(variables))
        seconds.append(time.process_time() - start)
    return 1e3 * statistics.median(seconds)


def main(depth: Annotated[list[int] | None, typer.Option(min=1, help="Layers (repeatable).")] = None) -> None:
    """Instructions and time of the gradient of a GPT, a layer each, with XLA's fusion and without."""
    table = Table(
        "layers", "instructions a layer", "ms a layer", "without fusion: instructions", "ms", title=f"jax {jax.__version__}"
    )
    for layers in depth or DEPTHS:
        fused, plain = measure(layers, {}), measure(layers, dict(WITHOUT))
        numbers = (fused.instructions, fused.milliseconds, plain.instructions, plain.milliseconds)
        table.add_row(str(layers), *(f"{number:,.3g}" if number < 100 else f"{number:,.0f}" for number in numbers))
    Console(highlight=False, width=None if Console().is_terminal else 160).print(table)


if __name__ == "__main__":
    typer.run(main)
