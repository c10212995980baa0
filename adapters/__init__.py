"""How each framework spells what the reference derives.

`NAMES` lists the adapters, `load(name)` returns one. An adapter offers

    ops          one function per op of the reference, with its name and arguments, on the framework's tensors
    missing      op -> why the framework cannot spell it
    layouts      one `Layout` per op whose parameters the framework's layer stores in another way, or under other names
    models       one `Model` per model of the reference
    optimizers   one function per optimizer of the reference: hyper-parameters -> the framework's own optimizer
    schedules    one function per schedule of the reference: numbers -> what the framework's optimizers take as lr
    clipping     one function per clipping of the reference: (dict of gradients, limit) -> dict of clipped ones
    conventions  optimizer or clipping -> the reference's keyword arguments that name the framework's definition
    lacking      optimizer or schedule -> why the framework has none
    gradients, trainer, optimize     how models and optimizers are run, see `Adapter`

A new framework is one folder here, one module in gradwitness/frameworks and one name below.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from gradwitness import frameworks

from .layout import Layout

__all__ = ["NAMES", "Adapter", "Layout", "Model", "Trainer", "functions", "layouts_of", "load"]

NAMES = ("torch", "tensorflow", "jax")

Array = np.ndarray[Any, np.dtype[Any]]
Params = dict[str, Array]
Batch = Mapping[str, Any]
"""What a step is given: the reference's argument x, if it is differentiable, and its other arrays by keyword (labels, masks)."""


class Model(Protocol):
    """A model of the reference the way the framework's users write it, with its parameters converted both ways.

    conventions   arguments of the reference's forward under which both compute the same, where the framework defines something
                  in another way: {"unbiased": False} for a running variance
    """

    conventions: Mapping[str, Any]

    def from_reference(self, params: Params, state: Params | None = None, *, device: str = "cpu", **config: Any) -> Any:
        """The framework's model with the reference's parameters and running statistics, in their dtype. config is the
        reference's (activation, rate).
        """

    def load(self, model: Any, params: Params, state: Params | None = None, *, device: str = "cpu") -> Any:
        """The model with other parameters and running statistics of the same shapes: the same one, where they are kept in it."""

    def to_reference(self, model: Any) -> Params:
        """The model's parameters under the reference's names and in its layouts."""

    def state_of(self, model: Any) -> Params:
        """The model's running statistics, likewise; empty where it has none."""


class Trainer(Protocol):
    """A model in training."""

    model: Any

    def step(self, batch: Batch) -> Any:
        """One update on a batch; returns the loss before it."""


class Adapter(Protocol):
    """What a package of this folder offers."""

    NAME: str
    framework: frameworks.Framework
    ops: Mapping[str, Callable[..., Any]]
    missing: Mapping[str, str]
    layouts: Mapping[str, Layout]
    models: Mapping[str, Model]
    optimizers: Mapping[str, Callable[..., Any]]
    schedules: Mapping[str, Callable[..., Any]]
    clipping: Mapping[str, Callable[..., Any]]
    conventions: Mapping[str, Mapping[str, Any]]
    lacking: Mapping[str, str]

    def predict(self, model: Any, mode: str = "eager") -> Callable[[Any], Any]:
        """x -> the model's output, in evaluation."""

    def loss(self, model: Any, mode: str = "eager") -> Callable[[Batch], Any]:
        """batch -> the model's loss, as in training."""

    def gradients(self, model: Any, mode: str = "eager") -> Callable[[Batch, Any], tuple[Any, Any, Any, Any]]:
        """(batch, dout) -> (loss, dparams, dx, state). dx is None for a batch without x; dparams is what `named` takes, state
        (running statistics after the forward) what `named_state` takes.
        """

    def named(self, dparams: Any, model: Any) -> Params:
        """Gradients of a model's parameters under the reference's names and in its layouts."""

    def named_state(self, state: Any, model: Any) -> Params:
        """Running statistics, likewise."""

    def trainer(self, model: Any, optimizer: Any, mode: str = "eager") -> Trainer:
        """A training loop's body around the framework's own optimizer."""

    def rates(self, schedule: Any, steps: int) -> Array:
        """The rate of each step, (steps,), in the dtype that the framework computes it in."""

    def optimize(self, optimizer: Any, mode: str = "eager") -> Callable[[Any, Sequence[Any]], list[Any]]:
        """(param, grads) -> the parameter after each step, given the gradient of each; every call starts anew."""


@cache
def load(name: str) -> Adapter:
    """The adapter of a framework.

    Raises ValueError for an unknown name, gradwitness.frameworks.Unavailable where the framework is missing or broken.
    """
    if name not in NAMES:
        raise ValueError(f"unknown adapter {name!r}; there are {', '.join(NAMES)}")
    frameworks.load(name)  # says why, where it cannot
    try:
        return importlib.import_module(f"adapters.{name}")
    except Exception as error:  # a library that the adapter needs besides the framework: keras, optax
        raise frameworks.Unavailable(f"the {name} adapter breaks at import: {type(error).__name__}: {error}") from error


def functions(*modules: Any) -> dict[str, Callable[..., Any]]:
    """The public functions that modules themselves define, by name."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and value.__module__ == module.__name__
    }


def layouts_of(*modules: Any) -> dict[str, Layout]:
    """The `LAYOUTS` of modules, by op."""
    return {op: layout for module in modules for op, layout in getattr(module, "LAYOUTS", {}).items()}
