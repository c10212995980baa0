"""What an adapter offers: `Adapter`, and the protocols of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradwitness.frameworks import Framework, FrameworkSpec, Unavailable

from .layout import Layout

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


def _absent(*_: Any, **__: Any) -> Any:
    """In place of a function that an adapter does not have."""
    raise Unavailable("this adapter trains no models and runs no optimizers: its package has no module `training`, or no `rates`")


@dataclass(frozen=True)
class Adapter:
    """How a framework writes what the reference derives. Each part but the framework may be empty.

    spec         the framework's name, modes and devices
    framework    arrays in and out, vjp, compile
    package      where the adapter's modules are
    ops          one function for each op of the reference, with its name and arguments, on the framework's tensors
    layouts      one `Layout` for each op whose parameters the framework's layer stores in another way, or under other names
    models       one `Model` for each model of the reference
    optimizers   one function for each optimizer of the reference: hyper-parameters -> the framework's own optimizer
    schedules    one function for each schedule of the reference: numbers -> what the framework's optimizers take as lr
    clipping     one function for each clipping of the reference: (dict of gradients, limit) -> dict of clipped ones
    conventions  optimizer or clipping -> the reference's keyword arguments that name the framework's definition
    reasons      what the adapter lacks -> why: the name of an op, a model, ..., or of a part ("optimizers") for all that is not
                 in it

    How models and optimizers are run; where the adapter has no such function, calling it raises Unavailable:

    predict      (model, mode) -> x -> the model's output, in evaluation
    loss         (model, mode) -> batch -> the model's loss, as in training
    gradients    (model, mode) -> (batch, dout) -> (loss, dparams, dx, state). dx is None for a batch without x; dparams is what
                 `named` takes, state (running statistics after the forward) what `named_state` takes
    named        (dparams, model) -> gradients of a model's parameters under the reference's names and in its layouts
    named_state  (state, model) -> running statistics, likewise
    trainer      (model, optimizer, mode) -> a `Trainer` around the framework's own optimizer
    optimize     (optimizer, mode) -> (param, grads) -> the parameter after each step, given the gradient of each; every call
                 starts anew
    rates        (schedule, steps) -> the rate of each step, (steps,), in the dtype that the framework computes it in
    """

    spec: FrameworkSpec
    framework: Framework
    package: str
    ops: dict[str, Callable[..., Any]] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    optimizers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    schedules: dict[str, Callable[..., Any]] = field(default_factory=dict)
    clipping: dict[str, Callable[..., Any]] = field(default_factory=dict)
    conventions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    predict: Callable[..., Callable[[Any], Any]] = _absent
    loss: Callable[..., Callable[[Batch], Any]] = _absent
    gradients: Callable[..., Callable[[Batch, Any], tuple[Any, Any, Any, Any]]] = _absent
    named: Callable[[Any, Any], Params] = _absent
    named_state: Callable[[Any, Any], Params] = _absent
    trainer: Callable[..., Trainer] = _absent
    optimize: Callable[..., Callable[[Any, Sequence[Any]], list[Any]]] = _absent
    rates: Callable[[Any, int], Array] = _absent

    @property
    def name(self) -> str:
        """The framework's name."""
        return self.spec.name

    def missing(self, part: str, name: str) -> str:
        """Why the adapter lacks an op, model, optimizer, schedule or clipping of the reference; "" where it has it.

        part   "ops", "models", "optimizers", "schedules" or "clipping"

        Raises LookupError, with the place and the cure, where it lacks it and gives no reason.
        """
        if name in getattr(self, part):
            return ""
        if reason := self.reasons.get(name) or self.reasons.get(part):
            return reason
        where = f"{self.package.replace('.', '/')}/{PLACES[part]}"
        raise LookupError(
            f"{self.name}: no {KINDS[part]} `{name}`; add it to {where}, or say in MISSING of {self.package} why there is none"
        )


PLACES = {
    "ops": "ops/<topic>.py",
    "models": "models/<model>.py",
    "optimizers": "optimizers.py",
    "schedules": "schedules.py",
    "clipping": "clipping.py",
}
"""Part -> where in an adapter's folder it is."""
KINDS = {"ops": "function", "models": "model", "optimizers": "optimizer", "schedules": "schedule", "clipping": "clipping"}
