"""Mistakes to plant, one at a time: `python -m pytest -p tests.faults --plant NAME`. tests/test_suite.py asks which
cells turn red.

Each is one that people make, in one of the places where they make it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import adapters
from conformance import known
from conformance.known import Accuracy, Difference, Unsupported
from reference.activations import tanh


def reference_backward() -> None:
    """tanh' as 1 - y instead of 1 - y^2."""
    tanh.backward = lambda dout, y: (dout * (1 - y),)
    _rebuild("tanh", tanh)


def adapter_spelling() -> None:
    """Softmax over the last axis whatever axis is asked for."""
    jax = adapters.load("jax")
    right = jax.ops["softmax"]
    jax.ops["softmax"] = lambda x, *, axis=-1: right(x, axis=-1)


def parameter_layout() -> None:
    """A weight reshaped to (out, in) where it must be transposed. There and back it is the same again: a round trip
    sees nothing.
    """
    from adapters.torch.ops import layers

    def reshaped(params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {name: tensor.reshape(tensor.shape[::-1]) if name == "weight" else tensor for name, tensor in params.items()}

    for layout in (layers.LAYOUTS["linear"], layers.WITHOUT_BIAS):
        object.__setattr__(layout, "from_reference", reshaped)
        object.__setattr__(layout, "to_reference", reshaped)


def training_loop() -> None:
    """Gradients that are never zeroed, and so accumulate."""
    import torch

    torch.optim.Optimizer.zero_grad = lambda self, set_to_none=True: None


def stale_record() -> None:
    """A difference, a limit of accuracy and an unsupported cell on record that have gone away."""
    then = {"gradient": "dx", "index": [0, 0], "got": 0.0, "truth": 1.0, "ratio": 1e9}
    where = {"mode": ("eager",), "device": ("cpu",), "reason": "planted", "status": "new"}
    difference = Difference(
        adapter="torch", op="relu", case=("generic",), dtype=("float64",), measured={"generic": {"float64": then}}, **where
    )
    accuracy = Accuracy(adapter="torch", op="tanh", worst={"float64": {"case": "generic", **then}}, **where)
    cell = Unsupported(adapter="jax", op="tanh", case=("generic",), dtype=("float32",), raises="", **where)
    known.differences, known.accuracies, known.unsupported = lambda: (difference,), lambda: (accuracy,), lambda: (cell,)


def moved_record() -> None:
    """A difference on record whose value is another today."""
    entry = next(d for d in known.differences() if (d.adapter, d.op) == ("torch", "hard_sigmoid"))
    then = entry.measured["generic"]["float64"]
    measured = {**entry.measured, "generic": {"float64": {**then, "got": 2 * then["got"]}}}
    known.differences = lambda: (replace(entry, measured=measured),)


FAULTS: dict[str, Callable[[], None]] = {
    f.__name__: f for f in (reference_backward, adapter_spelling, parameter_layout, training_loop, stale_record, moved_record)
}


def _rebuild(name: str, module: Any) -> None:
    """Put a changed module's functions into the table, which took them when it was built."""
    from reference import OPS, Op

    OPS[name] = Op.of(module)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--plant", choices=FAULTS, help="plant this mistake before the tests are collected")


def pytest_configure(config: pytest.Config) -> None:
    if name := config.getoption("--plant"):
        FAULTS[name]()
