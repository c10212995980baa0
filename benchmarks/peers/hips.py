"""Models in HIPS autograd, which records a NumPy program on a tape and replays it backwards.

Source: Maclaurin, Duvenaud and Adams, "Autograd: effortless gradients in NumPy", AutoML workshop at ICML 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd.numpy as np
from autograd import make_vjp, value_and_grad
from autograd.scipy.special import logsumexp
from autograd.tracer import getval

from benchmarks.problems import RATE
from benchmarks.running import Prepared, Run, no_wait
from conformance.run import parts
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves

MOMENTUM, EPS = 0.1, 1e-5
Params = dict[str, Array]


def two_layer(params: Params, x: Any, labels: Array) -> Any:
    """Relu units, a sigmoid, binary cross entropy of the probabilities."""
    a = np.maximum(np.dot(x, params["hidden.weight"]) + params["hidden.bias"], 0)
    p = 1 / (1 + np.exp(-(np.dot(a, params["output.weight"]) + params["output.bias"])))
    return -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))


def mlp(params: Params, x: Any, labels: Array, state: Params, masks: dict[str, Array], rate: float) -> Any:
    """Hidden layers of linear, batch normalisation, relu, dropout; cross entropy. state is replaced in place."""
    a = x
    for k, mask in masks.items():
        h = np.dot(a, params[f"hidden.{k}.linear.weight"])
        mean = np.mean(h, axis=0)
        centred = h - mean
        var = np.mean(centred * centred, axis=0)
        n = centred / np.sqrt(var + EPS) * params[f"hidden.{k}.norm.weight"] + params[f"hidden.{k}.norm.bias"]
        a = np.maximum(n, 0) * (mask / np.float32(1 - rate))
        _update(state, f"hidden.{k}.norm", getval(mean), getval(var), len(labels))
    logits = np.dot(a, params["output.weight"]) + params["output.bias"]
    return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels])


def _update(state: Params, name: str, mean: Array, var: Array, m: int) -> None:
    for key, value in (("running_mean", mean), ("running_var", var * (m / (m - 1)))):
        state[f"{name}.{key}"] = (1 - MOMENTUM) * state[f"{name}.{key}"] + MOMENTUM * value


MODELS: dict[str, Callable[..., Any]] = {"two_layer": two_layer, "mlp": mlp}


def prepare(name: str, at: Subject) -> Prepared:
    """The phases of a model, by the library's own ways: make_vjp where a cotangent is given, value_and_grad in training."""
    params, batch, state, config = parts(at, {})
    x, others = batch["x"], {key: value for key, value in batch.items() if key != "x"}
    dout, *_ = leaves(at.cotangent)

    def network(kept: Params) -> Callable[..., Any]:
        return partial(MODELS[name], **others, **config, **({"state": kept} if kept else {}))

    def both() -> Any:
        after = dict(state)
        loss = network(after)
        pull, value = make_vjp(lambda given: loss(*given))((params, x))
        return value, after, pull(dout)

    def steps() -> Any:
        current, kept = params, dict(state)
        loss = network(kept)
        differentiate = value_and_grad(lambda p: loss(p, x))
        while True:
            value, grads = differentiate(current)
            current = {key: param - RATE["lr"] * grads[key] for key, param in current.items()}
            yield value, current, kept

    runs = {
        "forward": Run(lambda: network(dict(state))(params, x), lambda value: [value], no_wait),
        "forward+backward": Run(both, lambda result: [result[0], *result[1].values(), *at.align(result[2])], no_wait),
        "step": Run(partial(next, steps()), lambda s: [s[0], *s[1].values(), *s[2].values()], no_wait),
    }
    return Prepared(runs, build=0.0, to_device=0.0)
