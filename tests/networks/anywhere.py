"""What may stand anywhere in a network: activations, and layers that take any number of axes.

A rule is (dice, x) -> a layer for what x is, or None where it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradwitness.arrays import Array
from reference import OPS
from tests.networks.dice import Dice
from tests.networks.network import Layer

Rule = Callable[[Dice, Array], Layer | None]


def plain(op: str, **static: Any) -> Rule:
    """The rule for an op without parameters and without choices."""
    return lambda dice, x: Layer(op, {}, static)


def linear(dice: Dice, x: Array) -> Layer:
    inputs, outputs = x.shape[-1], dice.size(2, 6)
    return Layer("linear", {"weight": dice.weight(inputs, outputs, fan_in=inputs), "bias": dice.normals(outputs)})


def glu(dice: Dice, x: Array) -> Layer | None:
    even = [axis for axis in range(1, x.ndim) if x.shape[axis] % 2 == 0]
    return Layer("glu", {}, {"axis": dice.one_of(*even)}) if even else None


def layer_norm(dice: Dice, x: Array) -> Layer | None:
    features = x.shape[-dice.size(1, max(1, min(2, x.ndim - 2))) :]
    params = {"weight": dice.positive(*features), "bias": dice.normals(*features)}
    return Layer("layer_norm", params, {"eps": dice.one_of(1e-5, 1e-3)}) if x[0].size > 1 and features != (1,) else None


def batch_norm(dice: Dice, x: Array) -> Layer:
    channels = x.shape[1]
    training = dice.chance(0.6) and x.size > 2 * channels
    running = {"running_mean": dice.normals(channels), "running_var": dice.positive(channels)}
    params = {"weight": dice.positive(channels), "bias": dice.normals(channels)}
    return Layer("batch_norm", params, {**running, "training": training, "eps": dice.one_of(1e-5, 1e-3)}, member=0)


def weight_norm(dice: Dice, x: Array) -> Layer | None:
    """On data as on a weight: each row a length times a direction."""
    has_direction = x[0].size > 1 and x.reshape(len(x), -1).any(axis=1).all()
    return Layer("weight_norm", {"g": dice.positive(len(x))}) if has_direction else None


def dropout(dice: Dice, x: Array) -> Layer:
    rate = dice.one_of(0.1, 0.25, 0.5)
    return Layer("dropout", {}, {"mask": dice.booleans(*x.shape, share=1 - rate), "rate": rate})


def residual(dice: Dice, x: Array) -> Layer:
    """Around something that keeps the shape."""
    width = x.shape[-1]
    inside = dice.one_of(
        Layer("linear", {"weight": dice.weight(width, width, fan_in=width), "bias": dice.normals(width)}),
        Layer("rms_norm", {"weight": dice.positive(width)}),
        Layer(dice.one_of("tanh", "softplus", "relu", "softmax", "sigmoid")),
    )
    return Layer("residual", inside.params, {"f": OPS[inside.op], **inside.static})


ACTIVATIONS: dict[str, Rule] = {
    **{op: plain(op) for op in (
        "relu", "relu6", "selu", "gelu", "gelu_tanh", "silu", "mish", "softsign", "sigmoid", "log_sigmoid", "tanh",
        "hard_sigmoid", "hard_tanh", "hard_swish",
    )},
    "leaky_relu": lambda dice, x: Layer("leaky_relu", {}, {"negative_slope": dice.one_of(0.01, 0.2)}),
    "prelu": lambda dice, x: Layer("prelu", {"weight": dice.positive(dice.one_of(1, x.shape[1]))}),
    "threshold": lambda dice, x: Layer("threshold", {}, {"threshold": dice.one_of(-1.0, -0.3), "value": dice.one_of(-1.0, 0.5)}),
    "elu": lambda dice, x: Layer("elu", {}, {"alpha": dice.one_of(1.0, 0.7)}),
    # Exact in float32, to which PyTorch's derivative rounds alpha.
    "celu": lambda dice, x: Layer("celu", {}, {"alpha": dice.one_of(1.0, 2.0)}),
    "softplus": lambda dice, x: Layer("softplus", {}, {"beta": dice.one_of(1.0, 2.0)}),
    "softmax": lambda dice, x: Layer("softmax", {}, {"axis": dice.one_of(1, -1)}),
    "log_softmax": lambda dice, x: Layer("log_softmax", {}, {"axis": dice.one_of(1, -1)}),
}  # fmt: skip

LAYERS: dict[str, Rule] = {
    "linear": linear,
    "glu": glu,
    "layer_norm": layer_norm,
    "rms_norm": lambda dice, x: Layer("rms_norm", {"weight": dice.positive(x.shape[-1])}),
    "batch_norm": batch_norm,
    "weight_norm": weight_norm,
    "l2_normalize": lambda dice, x: Layer("l2_normalize", {}, {"axis": -1}) if x.shape[-1] > 1 else None,
    "dropout": dropout,
    "residual": residual,
}
