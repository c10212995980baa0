"""The command of the settings lesson: what happens when an optimizer's settings are copied from one framework to another.

It prints a table. A number in it is the distance between the parameters of a framework and those of the reference after 20 steps,
as a share of the way that the reference's parameters have gone. There are three numbers for each optimizer and framework:

    defaults    the rate alone is given: each keeps its own defaults
    named       the same numbers are given under the same names, as people copy them
    converted   the reference also uses the framework's definition: only rounding is left

The reference's defaults and definitions are PyTorch's if PyTorch has the optimizer, and otherwise the paper's.
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
"""The case of an optimizer in which a difference shows. For the others it is the generic case."""


def reference(name: str, hyper: Mapping[str, Any], param: Array, grads: Array) -> Array:
    """The reference's parameter after one step for each gradient."""
    numbers = dict(hyper)
    lr = numbers.pop("lr")
    state = OPTIMIZERS[name].init(param)
    for t, grad in enumerate(grads):
        param, state = OPTIMIZERS[name].step(param, grad, state, lr=rate(lr, t), **numbers)
    return param


def adapted(adapter: Any, name: str, hyper: Mapping[str, Any], param: Array, grads: Array) -> Array:
    """The parameter after the same steps of the framework's own optimizer."""
    numbers = dict(hyper)
    if isinstance(numbers["lr"], Schedule):
        numbers["lr"] = adapter.schedules[numbers["lr"].name](**numbers["lr"].hyper)
    put, get = adapter.framework.from_numpy, adapter.framework.to_numpy
    run = adapter.optimize(adapter.optimizers[name](**numbers))
    last: Array = get(run(put(param), [put(grad) for grad in grads])[-1])
    return last


def distances(adapter: Any, name: str) -> dict[str, float]:
    """How far the framework is from the reference, as a share of the reference's way: by defaults, named, converted."""
    case_id = REVEALING.get(name, "generic")
    case = next(case for case in OPTIMIZERS[name].cases if case.id == case_id)
    param, grads = case.inputs(np.random.default_rng(seed(name, case.id)))
    convention = adapter.conventions.get(name, {})
    ways = {
        "defaults": ({"lr": case.attrs["lr"]}, {"lr": case.attrs["lr"]}),
        "named": (case.attrs, case.attrs),
        "converted": (case.attrs, {**case.attrs, **convention}),
    }
    shares = {}
    for way, (theirs, ours) in ways.items():
        expected = reference(name, ours, param, grads)
        apart = adapted(adapter, name, theirs, param, grads) - expected
        shares[way] = float(np.linalg.norm(apart) / np.linalg.norm(expected - param))
    return shares


@app.command()
def main(
    optimizer: Annotated[list[str] | None, typer.Option(help=f"Only this one (repeatable): {', '.join(OPTIMIZERS)}.")] = None,
) -> None:
    """Print how far each framework's optimizers are from the reference when settings are copied, and when they are converted."""
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
