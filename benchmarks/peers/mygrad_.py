"""Models in MyGrad, whose tensors wrap NumPy arrays and remember the operation that made them.

Source: Soklaski, "MyGrad: drop-in automatic differentiation for NumPy" (github.com/rsokl/MyGrad).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.layers import batchnorm, conv_nd
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.problems import RATE
from benchmarks.running import Prepared, Run, no_wait
from conformance.run import parts
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves

mg.turn_memory_guarding_off()  # it locks arrays against writing, which the library offers to save

MOMENTUM, EPS = 0.1, 1e-5
Tensors = Mapping[str, mg.Tensor]


def two_layer(params: Tensors, x: Any, labels: Array) -> mg.Tensor:
    """Relu units, a sigmoid, binary cross entropy of the probabilities."""
    a = relu(mg.matmul(x, params["hidden.weight"]) + params["hidden.bias"])
    p = sigmoid(mg.matmul(a, params["output.weight"]) + params["output.bias"])
    one = np.ones((), labels.dtype)  # a Python number would become an array of int64, and the loss float64
    return mg.negative(mg.mean(labels * mg.log(p) + (one - labels) * mg.log(mg.subtract(one, p))))


def mlp(params: Tensors, x: Any, labels: Array, state: dict[str, Array], masks: Mapping[str, Array], rate: float) -> mg.Tensor:
    """Hidden layers of linear, batch normalisation, relu, dropout; cross entropy. state is replaced in place."""
    a = x
    for k, mask in masks.items():
        h = mg.matmul(a, params[f"hidden.{k}.linear.weight"])
        name = f"hidden.{k}.norm"
        n = batchnorm(h, gamma=params[f"{name}.weight"], beta=params[f"{name}.bias"], eps=EPS)
        a = relu(n) * (mask / np.float32(1 - rate))
        made = n.creator  # the operation, which keeps the batch's statistics; None where no graph is recorded
        if made is not None:
            m = len(labels)
            for key, value in (("running_mean", made.mean), ("running_var", made.var * (m / (m - 1)))):
                state[f"{name}.{key}"] = (1 - MOMENTUM) * state[f"{name}.{key}"] + MOMENTUM * value
    return softmax_crossentropy(mg.matmul(a, params["output.weight"]) + params["output.bias"], labels)


def lenet(params: Tensors, x: Any, labels: Array) -> mg.Tensor:
    """Two stages of convolution, tanh and the mean of each 2x2 window, and a linear layer; cross entropy."""
    a = x
    for stage in ("conv1", "conv2"):
        weight, bias = params[f"{stage}.weight"], params[f"{stage}.bias"]
        h = conv_nd(a, weight, stride=1, padding=weight.shape[-1] // 2) + bias.reshape(1, -1, 1, 1)
        n, channels, height, width = h.shape
        a = mg.tanh(h).reshape(n, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))
    features = a.reshape(len(labels), -1)
    return softmax_crossentropy(mg.matmul(features, params["output.weight"]) + params["output.bias"], labels)


MODELS: dict[str, Callable[..., mg.Tensor]] = {"two_layer": two_layer, "mlp": mlp, "lenet": lenet}


def prepare(name: str, at: Subject) -> Prepared:
    """The phases of a model; gradients are what backward() leaves in the tensors."""
    arrays, batch, state, config = parts(at, {})
    host, others = batch["x"], {key: value for key, value in batch.items() if key != "x"}
    dout, *_ = leaves(at.cotangent)
    params, x = {key: mg.tensor(value) for key, value in arrays.items()}, mg.tensor(host)

    def network(kept: dict[str, Array]) -> Callable[..., mg.Tensor]:
        return partial(MODELS[name], **others, **config, **({"state": kept} if kept else {}))

    @mg.no_autodiff
    def forward() -> Array:
        loss: Array = network(dict(state))(params, x).data
        return loss

    def both() -> Any:
        after = dict(state)
        value = network(after)(params, x)
        value.backward(dout)
        return value.data, after, ({key: tensor.grad for key, tensor in params.items()}, x.grad)

    def steps() -> Any:
        trained, kept = {key: mg.tensor(value) for key, value in arrays.items()}, dict(state)
        loss = network(kept)
        while True:
            value = loss(trained, host)  # x is a constant: nobody wants its gradient
            value.backward()
            for tensor in trained.values():
                tensor.data -= RATE["lr"] * tensor.grad
            yield value.data, {key: tensor.data for key, tensor in trained.items()}, kept

    runs = {
        "forward": Run(forward, lambda value: [value], no_wait),
        "forward+backward": Run(both, lambda result: [result[0], *result[1].values(), *at.align(result[2])], no_wait),
        "step": Run(partial(next, steps()), lambda s: [s[0], *s[1].values(), *s[2].values()], no_wait),
    }
    return Prepared(runs, build=0.0, to_device=0.0)
