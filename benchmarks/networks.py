"""The networks that are timed, as plain data: what each is given, at a size from benchmarks/sizes.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gradwitness.arithmetic import Array
from gradwitness.subject import Subject
from reference import MODELS
from reference.models import mlp, two_layer

CLASSES = 10
DROPPED = 0.25
"""The rate of dropout, where there is any: exact in binary."""

Params = dict[str, Array]


class Network(NamedTuple):
    """Parameters, a batch by name, running statistics and configuration; float64."""

    params: Params
    batch: dict[str, Any]
    state: Mapping[str, Array] = MappingProxyType({})
    config: Mapping[str, Any] = MappingProxyType({})

    def subject(self, name: str, number: int) -> Subject:
        """The network as the engine takes it."""
        op = MODELS[name]
        static = {key: value for key, value in self.batch.items() if key != "x"} | dict(self.config)
        inputs = (self.params, self.batch["x"]) if "x" in self.batch else (self.params,)
        kept = {"state": dict(self.state)} if op.detached else {}
        return Subject(op.forward, op.backward, inputs, static | kept, number, detached=op.detached)


def two_layer_problem(rng: np.random.Generator, batch: int, inputs: int, hidden: int) -> Network:
    """One output; x (N, I), labels (N, 1)."""
    params = two_layer.init(rng, inputs, hidden, 1)
    x = rng.normal(size=(batch, inputs))
    params["hidden.bias"] = _between(x @ params["hidden.weight"])
    return Network(params, {"x": x, "labels": rng.integers(0, 2, size=(batch, 1)).astype(float)})


def mlp_problem(rng: np.random.Generator, batch: int, inputs: int, hidden: int) -> Network:
    """One hidden layer, batch normalisation, dropout; x (N, I), labels (N,)."""
    params = mlp.init(rng, (inputs, hidden, CLASSES))
    x = rng.normal(size=(batch, inputs))
    h = x @ params["hidden.0.linear.weight"]
    params["hidden.0.norm.bias"] = _between((h - h.mean(axis=0)) / h.std(axis=0))
    masks = mlp.draw_masks(rng, batch, params, DROPPED)
    return Network(params, _labelled(rng, x) | {"masks": masks}, mlp.init_state(params), {"rate": DROPPED})


PROBLEMS: dict[str, Callable[..., Network]] = {"two_layer": two_layer_problem, "mlp": mlp_problem}


def _labelled(rng: np.random.Generator, x: Array) -> dict[str, Any]:
    return {"x": x, "labels": rng.integers(0, CLASSES, size=len(x))}


def _between(h: Array) -> Array:
    """Biases (H,) that put each relu's kink in the widest gap among the middle half of its pre-activations h (N, H).

    Of two million random pre-activations a few lie within rounding of zero. There an honest implementation may take the
    other side, which moves a gradient by percents: the measured spread grows with it, and the verdict goes blind.
    """
    margin = len(h) // 4
    middle = np.sort(h, axis=0)[margin : len(h) - margin]
    widest = np.diff(middle, axis=0).argmax(axis=0)[None]
    below, above = (np.take_along_axis(middle, row, axis=0)[0] for row in (widest, widest + 1))
    return -(below + above) / 2
