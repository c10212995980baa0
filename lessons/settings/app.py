"""What happens when an optimizer's settings are copied from one framework to another.

    python -m lessons.settings

For each optimizer, and each framework that has it, how far the parameters lie after 20 steps from where the reference
takes them, as a share of the way that the reference went:

    defaults    nothing given but the rate: each keeps its own defaults
    named       the same numbers under the same names, as people copy them
    converted   and the definition that the framework has named as well: what is left is rounding

The reference's defaults and definitions are PyTorch's where PyTorch has the optimizer, the paper's otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import adapters
from conformance.threads import limit_framework
from gradwitness.frameworks import Unavailable
from lessons.script import limit_threads
from reference import OPTIMIZERS
from reference.case import seed
from reference.schedules import Schedule, rate

Array = np.ndarray[Any, np.dtype[Any]]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

REVEALING = {
    "sgd": "weight_decay",
    "momentum": "changing_rate",
    "nesterov": "changing_rate",
    "adam": "small_gradients",
    "lamb": "weight_decay",
    "lars": "weight_decay",
}
"""The case of an optimizer in which a difference shows; the generic one elsewhere."""


def reference(name: str, hyper: Mapping[str, Any], param: Array, grads: Array) -> Array:
    """Where the reference is after one step for each gradient."""
    numbers = dict(hyper)
    lr = numbers.pop("lr")
    state = OPTIMIZERS[name].init(param)
    for t, grad in enumerate(grads):
        param, state = OPTIMIZERS[name].step(param, grad, state, lr=rate(lr, t), **numbers)
    return param


def adapted(adapter: Any, name: str, hyper: Mapping[str, Any], param: Array, grads: Array) -> Array:
    """Where the framework's own optimizer is."""
    numbers = dict(hyper)
    if isinstance(numbers["lr"], Schedule):
        numbers["lr"] = adapter.schedules[numbers["lr"].name](**numbers["lr"].hyper)
    put, get = adapter.framework.from_numpy, adapter.framework.to_numpy
    run = adapter.optimize(adapter.optimizers[name](**numbers))
    last: Array = get(run(put(param), [put(grad) for grad in grads])[-1])
    return last


def distances(adapter: Any, name: str) -> dict[str, float]:
    """How far the framework is from the reference, as a share of the way: with defaults, with named settings, converted."""
    case_id = REVEALING.get(name, "generic")
    case = next(case for case in OPTIMIZERS[name].cases if case.id == case_id)
    param, grads = case.inputs(np.random.default_rng(seed(name, case.id)))
    convention = adapter.conventions.get(name, {})
    ways = {
        "defaults": ({"lr": case.attrs["lr"]}, {"lr": case.attrs["lr"]}),
        "named": (case.attrs, case.attrs),
        "converted": (case.attrs, {**case.attrs, **convention}),
    }
    found = {}
    for way, (theirs, ours) in ways.items():
        expected = reference(name, ours, param, grads)
        apart = adapted(adapter, name, theirs, param, grads) - expected
        found[way] = float(np.linalg.norm(apart) / np.linalg.norm(expected - param))
    return found


@app.command()
def main(
    optimizer: Annotated[list[str] | None, typer.Option(help=f"Only this one (repeatable): {', '.join(OPTIMIZERS)}.")] = None,
) -> None:
    """Print how far each framework's optimizers go astray when settings are copied, and that conversion brings them back."""
    console = Console(highlight=False)
    if unknown := [name for name in optimizer or () if name not in OPTIMIZERS]:
        raise typer.BadParameter(f"{unknown[0]!r} came; wanted one of {', '.join(OPTIMIZERS)}", param_hint="--optimizer")
    limit_threads(1)
    loaded = {}
    for name in adapters.NAMES:
        try:
            loaded[name] = adapters.load(name)
            limit_framework(name, 1)
        except Unavailable as reason:
            console.print(f"No column for {name}: {reason}.")
    table = Table(title="distance from the reference after 20 steps, as a share of its way: defaults / named / converted")
    table.add_column("")
    for name in loaded:
        table.add_column(name, justify="right")
    for name in optimizer or OPTIMIZERS:
        columns = [
            "none" if a.missing("optimizers", name) else " / ".join(map(_share, distances(a, name).values()))
            for a in loaded.values()
        ]
        table.add_row(name, *columns)
    console.print(table)


def _share(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}" if value < 1e-3 else f"{value:.2g}"
