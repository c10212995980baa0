"""conformance/naive_settings.toml: what copied settings lead to, with what was measured.

    python -m conformance.naive

prints the file anew. An entry is an optimizer's case, run by a framework under the reference's numbers and judged by the
reference without the adapter's convention: the framework's definition is taken to be the reference's, as people do who copy
settings.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import adapters
from conformance.run import Array, native, optimizer_path
from conformance.run import Path as Trajectory
from gradwitness.verdict import Disagreement
from reference import OPTIMIZERS

FILE = Path(__file__).with_name("naive_settings.toml")


@dataclass(frozen=True)
class Naive:
    """Settings copied: optimizer and case of the reference; in the framework under the name `native`, without `left_out`."""

    adapter: str
    optimizer: str
    case: str
    native: str = ""
    left_out: tuple[str, ...] = ()

    def run(self) -> tuple[Trajectory, list[Array]]:
        """The reference's path under its own definition, and the framework's, in float64."""
        adapter = adapters.load(self.adapter)
        case = next(case for case in OPTIMIZERS[self.optimizer].cases if case.id == self.case)
        path, param, grads = optimizer_path(OPTIMIZERS[self.optimizer], self.case, "float64")
        put, get = partial(adapter.framework.from_numpy, device="cpu"), adapter.framework.to_numpy
        hyper = {key: value for key, value in native(adapter, case.attrs).items() if key not in self.left_out}
        run = adapter.optimize(adapter.optimizers[self.native or self.optimizer](**hyper))
        return path, [np.stack([get(p) for p in run(put(param), [put(grad) for grad in grads])])]


TRAPS = (
    # momentum under a changing rate: the velocity holds steps, and the old rate stays inside
    Naive("tensorflow", "momentum", "changing_rate"),
    Naive("tensorflow", "nesterov", "changing_rate"),
    Naive("tensorflow", "rmsprop", "changing_rate"),
    Naive("jax", "rmsprop", "changing_rate"),
    # where epsilon stands
    Naive("tensorflow", "adam", "generic"),
    Naive("tensorflow", "adam", "small_gradients"),
    Naive("tensorflow", "amsgrad", "generic"),
    Naive("tensorflow", "adamw", "generic"),
    Naive("tensorflow", "adamax", "generic"),
    Naive("tensorflow", "adagrad", "generic"),
    Naive("jax", "adagrad", "generic"),
    Naive("tensorflow", "rmsprop", "generic"),
    Naive("jax", "rmsprop", "generic"),
    Naive("torch", "radam", "generic"),
    # where the accumulator starts
    Naive("tensorflow", "adagrad", "generic", left_out=("initial_accumulator",)),
    Naive("jax", "adagrad", "generic", left_out=("initial_accumulator",)),
    # `weight_decay` of Adam: coupled in PyTorch, decoupled in Keras, whose Adam with it is its AdamW
    Naive("tensorflow", "adam", "coupled_decay", native="adamw"),
    Naive("torch", "adam", "coupled_decay", native="adamw"),
    Naive("jax", "adam", "coupled_decay", native="adamw"),
    Naive("tensorflow", "lamb", "weight_decay"),
    Naive("jax", "lars", "weight_decay"),
    # one name, several rules
    Naive("jax", "amsgrad", "generic"),
    Naive("tensorflow", "nadam", "generic"),
    Naive("jax", "nadam", "generic"),
    Naive("jax", "adafactor", "generic"),
)


def recorded() -> dict[tuple[str, str, str, str, tuple[str, ...]], dict[str, Any]]:
    """What the file says was measured, by trap."""
    found = {}
    for entry in tomllib.loads(FILE.read_text())["naive"]:
        measured = entry.pop("measured")
        found[key(Naive(**{**entry, "left_out": tuple(entry.get("left_out", ()))}))] = measured
    return found


def key(trap: Naive) -> tuple[str, str, str, str, tuple[str, ...]]:
    """What a trap is, without what was measured."""
    return trap.adapter, trap.optimizer, trap.case, trap.native, trap.left_out


def main() -> None:
    """Print the file anew."""
    write = sys.stdout.write
    write("# What copied settings lead to, in float64 (torch 2.13.0, keras 3.15.1, jax 0.10.2): the element furthest off,\n")
    write("# in units of rounding spread, and `share`, the distance after the last step as a share of the way from the first.\n")
    write("# `python -m conformance.naive` prints this.\n")
    for trap in TRAPS:
        path, results = trap.run()
        try:
            path.judge(results)
        except Disagreement as found:
            write(f'\n[[naive]]\nadapter = "{trap.adapter}"\noptimizer = "{trap.optimizer}"\ncase = "{trap.case}"\n')
            write(f'native = "{trap.native}"\n' if trap.native else "")
            write(f"left_out = {list(trap.left_out)}\n".replace("'", '"') if trap.left_out else "")
            write(f'measured = {{ gradient = "param", index = {list(found.index)}, got = {float(found.actual)!r}, ')
            write(f"truth = {float(found.low)!r}, ratio = {found.ratio:.3g}, share = {share(path, results):.2g} }}\n")
        else:
            raise SystemExit(f"{trap} agrees")


def share(path: Trajectory, results: list[Array]) -> float:
    """The distance after the last step, as a share of the way from the first step on."""
    truth = path.measured[0].truth
    return float(
        np.linalg.norm((results[0][-1] - truth[-1]).astype(float)) / np.linalg.norm((truth[-1] - truth[0]).astype(float))
    )


if __name__ == "__main__":
    main()
