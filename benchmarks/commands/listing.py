"""`python -m benchmarks list`."""

from __future__ import annotations

import typer

from benchmarks.plan import PHASES
from benchmarks.precision import PRECISIONS
from benchmarks.sizes import PEERS
from benchmarks.sweeps import SWEEPS
from benchmarks.units import DEVICES, FRAMEWORKS, UNUSUAL
from gradwitness import frameworks


def show() -> None:
    """What `run` can be asked for: models with their sweeps, phases, frameworks with their modes, devices, precisions."""
    typer.echo("model            sweep    numbers")
    for model, sweeps in SWEEPS.items():
        for sweep, each in sweeps.items():
            typer.echo(f"{model:16} {sweep:8} {' '.join(map(str, each.numbers))}")
    typer.echo(f"\nphases           {', '.join(PHASES)}")
    for name in FRAMEWORKS:
        typer.echo(f"{name:16} {', '.join(_modes(name))}{_installed(name)}")
    typer.echo(f"devices          {', '.join(DEVICES)}")
    typer.echo(f"precisions       {', '.join(PRECISIONS)}: the last two where a GPU has them, or where they are asked for")


def _modes(name: str) -> list[str]:
    if name in PEERS:
        return [f"eager (another library; {', '.join(PEERS[name])})"]
    return [f"{mode} (not how it is used)" if (name, mode) in UNUSUAL else mode for mode in frameworks.spec_of(name).modes]


def _installed(name: str) -> str:
    from importlib.util import find_spec

    return "" if find_spec(name) else ": not installed"
