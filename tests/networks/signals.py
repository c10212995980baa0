"""What takes sequences (N, T, C) or (N, C, L), images (N, C, H, W) and volumes (N, C, D, H, W)."""

from __future__ import annotations

from math import prod
from typing import Any

from gradwitness.arrays import Array
from tests.networks.anywhere import Rule, plain
from tests.networks.dice import Dice
from tests.networks.network import Layer


def convolution(op: str) -> Rule:
    def rule(dice: Dice, x: Array) -> Layer:
        groups = dice.divisor(x.shape[1])
        outputs, kernel = groups * dice.size(1, 2), [dice.size(1, min(3, length)) for length in x.shape[2:]]
        inputs = x.shape[1] // groups
        weight = dice.weight(outputs, inputs, *kernel, fan_in=inputs * prod(kernel))
        static = {"padding": dice.size(0, 1), "stride": dice.one_of(1, 1, 2), "groups": groups}
        return Layer(op, {"weight": weight, "bias": dice.normals(outputs)}, static)

    return rule


def transposed(op: str, axes: int) -> Rule:
    def rule(dice: Dice, x: Array) -> Layer:
        kernel, outputs, stride = [dice.size(2, 3) for _ in range(axes)], dice.size(2, 3), dice.size(1, 2)
        weight = dice.weight(x.shape[1], outputs, *kernel, fan_in=x.shape[1] * prod(kernel))
        static = {"stride": stride, "padding": dice.size(0, 1) if min(x.shape[2:]) > 1 else 0}
        return Layer(op, {"weight": weight, "bias": dice.normals(outputs)}, static)

    return rule


def depthwise_conv2d(dice: Dice, x: Array) -> Layer:
    channels, multiplier, kernel = x.shape[1], dice.size(1, 2), [dice.size(1, min(3, length)) for length in x.shape[2:]]
    weight = dice.weight(channels * multiplier, 1, *kernel, fan_in=prod(kernel))
    return Layer("depthwise_conv2d", {"weight": weight, "bias": dice.normals(channels * multiplier)}, {"multiplier": multiplier})


def separable_conv2d(dice: Dice, x: Array) -> Layer:
    channels, outputs, kernel = x.shape[1], dice.size(2, 4), [dice.size(1, min(3, length)) for length in x.shape[2:]]
    depthwise, pointwise = (
        dice.weight(channels, 1, *kernel, fan_in=prod(kernel)),
        dice.weight(outputs, channels, 1, 1, fan_in=channels),
    )
    params = {"depthwise_weight": depthwise, "pointwise_weight": pointwise, "bias": dice.normals(outputs)}
    return Layer("separable_conv2d", params, {"padding": dice.size(0, 1)})


def pooling(op: str, **static: Any) -> Rule:
    def rule(dice: Dice, x: Array) -> Layer | None:
        if min(x.shape[2:]) < 2:
            return None
        kernel = dice.size(2, min(3, *x.shape[2:]))
        padding = {"padding": dice.size(0, 1)} if op != "lp_pool2d" else {}
        return Layer(op, {}, {"kernel_size": kernel, "stride": dice.size(1, kernel), **padding, **static})

    return rule


def over_channels(op: str) -> Rule:
    def rule(dice: Dice, x: Array) -> Layer | None:
        channels = x.shape[1]
        groups = channels if op == "instance_norm" else dice.divisor(channels)
        static = {"groups": groups} if op == "group_norm" else {}
        values = x[0].size // groups
        return Layer(op, {"weight": dice.positive(channels), "bias": dice.normals(channels)}, static) if values > 2 else None

    return rule


def pad2d(dice: Dice, x: Array) -> Layer:
    mode = dice.one_of("zero", "reflect", "replicate") if min(x.shape[2:]) > 1 else "zero"
    return Layer("pad2d", {}, {"padding": ((dice.size(0, 1), 1), (0, dice.size(0, 1))), "mode": mode})


def flatten(dice: Dice, x: Array) -> Layer:
    return Layer("flatten", {}, {"start_axis": dice.size(1, x.ndim - 2)})


def adaptive_avg_pool2d(dice: Dice, x: Array) -> Layer | None:
    """To two pixels or more each way: TensorFlow's graph has none to one, as known_differences.toml says."""
    if min(x.shape[2:]) < 2:
        return None
    return Layer("adaptive_avg_pool2d", {}, {"output_size": tuple(dice.size(2, length) for length in x.shape[2:])})


IMAGES: dict[str, Rule] = {
    "conv2d": convolution("conv2d"),
    "conv_transpose2d": transposed("conv_transpose2d", 2),
    "depthwise_conv2d": depthwise_conv2d,
    "separable_conv2d": separable_conv2d,
    "max_pool2d": pooling("max_pool2d"),
    "avg_pool2d": pooling("avg_pool2d"),
    "lp_pool2d": pooling("lp_pool2d", norm_type=2.0),
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "upsample_nearest2d": plain("upsample_nearest2d", scale_factor=2),
    "upsample_bilinear2d": lambda dice, x: Layer(
        "upsample_bilinear2d", {}, {"scale_factor": 2, "align_corners": dice.chance(0.5)}
    ),
    "pixel_shuffle": lambda dice, x: Layer("pixel_shuffle", {}, {"upscale_factor": 2}) if x.shape[1] % 4 == 0 else None,
    "pad2d": pad2d,
    "scaled_dot_product_attention": lambda dice, x: Layer(
        "scaled_dot_product_attention", {}, {"causal": dice.chance(0.5)}, copies=3
    ),
}

SEQUENCES: dict[str, Rule] = {
    "conv1d": convolution("conv1d"),
    "conv_transpose1d": transposed("conv_transpose1d", 1),
    "max_pool1d": pooling("max_pool1d"),
    "avg_pool1d": pooling("avg_pool1d"),
}

VOLUMES: dict[str, Rule] = {"conv3d": convolution("conv3d")}

WITH_CHANNELS: dict[str, Rule] = {
    "group_norm": over_channels("group_norm"),
    "instance_norm": over_channels("instance_norm"),
    "local_response_norm": lambda dice, x: Layer(
        "local_response_norm", {}, {"size": dice.size(2, 4), "alpha": 0.5, "beta": 0.75}
    ),
}

DOWN: dict[str, Rule] = {
    "flatten": flatten,
    "global_avg_pool": plain("global_avg_pool"),
    "global_max_pool": plain("global_max_pool"),
}
"""What leaves fewer axes, from three or more."""
