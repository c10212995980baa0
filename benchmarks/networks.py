"""The networks that are timed, as plain data: what each is given, at a size from benchmarks/sizes.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from benchmarks.sizes import CLASSES, HEADS, VOCABULARY
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject
from reference import MODELS

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
    params = _module("two_layer").init(rng, inputs, hidden, 1)
    x = rng.normal(size=(batch, inputs))
    params["hidden.bias"] = _between(x @ params["hidden.weight"])
    return Network(params, {"x": x, "labels": rng.integers(0, 2, size=(batch, 1)).astype(float)})


def mlp_problem(rng: np.random.Generator, batch: int, inputs: int, *hidden: int) -> Network:
    """Hidden layers with batch normalisation and dropout; x (N, I), labels (N,)."""
    mlp = _module("mlp")
    params = mlp.init(rng, (inputs, *hidden, CLASSES))
    x = a = rng.normal(size=(batch, inputs))
    masks = mlp.draw_masks(rng, batch, params, DROPPED)
    for k in range(len(hidden)):
        h = a @ params[f"hidden.{k}.linear.weight"]
        n = (h - h.mean(axis=0)) / h.std(axis=0)
        params[f"hidden.{k}.norm.bias"] = bias = _between(n)
        a = np.maximum(n + bias, 0) * masks[str(k)] / (1 - DROPPED)
    return Network(params, _labelled(rng, x) | {"masks": masks}, mlp.init_state(params), {"rate": DROPPED})


def lenet_problem(rng: np.random.Generator, batch: int, side: int, kernel: int, *channels: int) -> Network:
    """x (N, C, H, W), labels (N,)."""
    params = _module("lenet").init(rng, channels, side, CLASSES, kernel)
    return Network(params, _labelled(rng, rng.normal(size=(batch, channels[0], side, side))))


def resnet_problem(rng: np.random.Generator, batch: int, side: int, inputs: int, *channels: int) -> Network:
    """x (N, C, H, W), labels (N,)."""
    resnet = _module("resnet")
    params = resnet.init(rng, inputs, channels, CLASSES)
    return Network(params, _labelled(rng, rng.normal(size=(batch, inputs, side, side))), resnet.init_state(params))


def recurrent_problem(model: str, rng: np.random.Generator, batch: int, steps: int, inputs: int, hidden: int) -> Network:
    """x (N, T, C), labels (N,)."""
    return Network(_module(model).init(rng, inputs, hidden, CLASSES), _labelled(rng, rng.normal(size=(batch, steps, inputs))))


def gpt_problem(rng: np.random.Generator, batch: int, context: int, width: int, depth: int) -> Network:
    """tokens, labels (N, T)."""
    params = _module("gpt").init(rng, VOCABULARY, context, width, depth)
    tokens, labels = rng.integers(0, VOCABULARY, size=(2, batch, context))
    return Network(params, {"tokens": tokens, "labels": labels}, config={"heads": HEADS})


def vae_problem(rng: np.random.Generator, batch: int, inputs: int, hidden: int, codes: int) -> Network:
    """x (N, I) in [0, 1], noise (N, Z)."""
    params = _module("vae").init(rng, inputs, hidden, codes)
    return Network(params, {"x": rng.random(size=(batch, inputs)), "noise": rng.normal(size=(batch, codes))})


def siamese_problem(rng: np.random.Generator, batch: int, inputs: int, hidden: int, embedding: int) -> Network:
    """x (3, N, I); a margin that all triplets are within."""
    params = _module("siamese").init(rng, inputs, hidden, embedding)
    return Network(params, {"x": rng.normal(size=(3, batch, inputs))}, config={"margin": 64.0})


PROBLEMS: dict[str, Callable[..., Network]] = {
    "two_layer": two_layer_problem,
    "mlp": mlp_problem,
    "lenet": lenet_problem,
    "resnet": resnet_problem,
    "lstm_classifier": partial(recurrent_problem, "lstm_classifier"),
    "gru_classifier": partial(recurrent_problem, "gru_classifier"),
    "gpt": gpt_problem,
    "vae": vae_problem,
    "siamese": siamese_problem,
}


def _module(model: str) -> Any:
    return import_module(f"reference.models.{model}")


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
    biases: Array = -(below + above) / 2
    return biases
