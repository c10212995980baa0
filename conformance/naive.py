"""conformance/naive_settings.toml: what copied settings lead to, with what was measured.

    python -m conformance naive

prints the file anew. An entry is a case of an optimizer. The framework runs it with the reference's numbers, and the reference
judges it without the adapter's convention: this is what people do who copy settings from one framework to another.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import adapters
from conformance.path import Path as OptimizerPath
from conformance.run import native, optimizer_path
from gradwitness.arrays import Array
from reference import OPTIMIZERS

FILE = Path(__file__).with_name("naive_settings.toml")


@dataclass(frozen=True)
class Naive:
    """Copied settings: a case of a reference optimizer, the framework's name of the optimizer (`native`) where it has another,
    and the settings that the copy leaves out (`left_out`).
    """

    adapter: str
    optimizer: str
    case: str
    native: str = ""
    left_out: tuple[str, ...] = ()

    def run(self) -> tuple[OptimizerPath, list[Array]]:
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
    # where epsilon is added
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
