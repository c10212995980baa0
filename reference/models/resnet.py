"""Residual network of basic blocks, for small images.

    a_0 = relu(norm(conv(x)))        a_{k+1} = block(a_k) = relu(branch(a_k) + skip(a_k))
    logits = global_avg_pool(a_K) @ W + b                L = cross_entropy(logits, labels)

`reference.models.basic_block` derives the block. A block without a projection keeps size and channels. A block with a projection
halves the size and changes the channels. forward stacks the caches of the blocks. backward pops them; it is the forward in the
reverse order.

Shapes: x (N, C, H, W), labels (N,) integers, kernels 3 x 3 (1 x 1 in projections), W (channels, classes), b (classes,), L ().
Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, section 4.2 for small images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..activations import relu
from ..case import Array, Case, Inputs, invalid
from ..layers import global_avg_pool, linear
from ..losses import cross_entropy
from . import basic_block
from .basic_block import Params, State, conv_norm, conv_norm_backward, init_conv_norm

DETACHED = (1,)


def init(rng: np.random.Generator, inputs: int, channels: Sequence[int], classes: int) -> Params:
    """Weights of variance 2/fan_in before a relu (He et al., 2015) and 1/fan_in before the loss, biases of zero, float64.

    inputs     channels of the images
    channels   after the stem, and after each block: (8, 8, 16); where they change the block has a projection
    """
    params = init_conv_norm(rng, "stem", inputs, channels[0], kernel=3)
    for k, (before, after) in enumerate(pairwise(channels)):
        params |= basic_block.init(rng, f"block.{k}", before, after)
    last = channels[-1]
    return params | {"output.weight": rng.normal(size=(last, classes)) / np.sqrt(last), "output.bias": np.zeros(classes)}


def init_state(params: Mapping[str, Array]) -> State:
    """Running statistics before the first step: mean 0 and variance 1."""
    state: State = {}
    for name, weight in params.items():
        if name.endswith("norm.weight"):
            norm = name.removesuffix(".weight")
            state[f"{norm}.running_mean"], state[f"{norm}.running_var"] = np.zeros_like(weight), np.ones_like(weight)
    return state


def depth(params: Mapping[str, Array]) -> int:
    """The number of blocks in params."""
    return sum(name.endswith("first.conv.weight") for name in params)


def predict(params: Params, x: Array, *, state: State) -> Array:
    """The logits (N, classes) of x (N, C, H, W), in evaluation: with running statistics."""
    return _network(params, x, state, training=False)[0]


def forward(
    params: Params, x: Array, /, *, labels: Array, state: State, unbiased: bool = True
) -> tuple[tuple[Array, State], Any]:
    """The mean loss, and the running statistics after the step. params, x (N, C, H, W), labels (N,) -> L (), state.

    unbiased   what the running variance takes, see `reference.layers.batch_norm`

    Raises ValueError where shapes do not fit.
    """
    logits, after, network_cache = _network(params, x, state, training=True, unbiased=unbiased)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return (loss, after), (network_cache, loss_cache)


def backward(dout: tuple[Array, Any], cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout: dL (), and the running statistics', ignored -> dparams, dx (N, C, H, W), or None without input_gradient."""
    (stem_cache, relu_cache, blocks, pool_cache, output_cache), loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout[0], loss_cache)
    dpooled, dparams["output.weight"], dparams["output.bias"] = linear.backward(dlogits, output_cache)
    (da,) = global_avg_pool.backward(dpooled, pool_cache)
    for k, block_cache in reversed(list(enumerate(blocks))):
        da, dblock = basic_block.backward(f"block.{k}", da, block_cache)
        dparams |= dblock
    (dn,) = relu.backward(da, relu_cache)
    dx, dstem = conv_norm_backward("stem", dn, stem_cache, input_gradient=input_gradient)
    return dparams | dstem, dx


def _network(params: Params, x: Array, state: State, **how: bool) -> tuple[Array, State, Any]:
    channels = params["stem.conv.weight"].shape[1]
    if not (x.ndim == 4 and x.shape[1] == channels):
        raise invalid("resnet", "x", f"of shape {x.shape}", f"(N, {channels}, H, W)")
    n, after, stem_cache = conv_norm("stem", x, params, state, **how)
    a, relu_cache = relu.forward(n)
    blocks = []
    for k in range(depth(params)):
        a, block_state, block_cache = basic_block.forward(f"block.{k}", a, params, state, **how)
        after |= block_state
        blocks.append(block_cache)
    pooled, pool_cache = global_avg_pool.forward(a)
    logits, output_cache = linear.forward(pooled, params["output.weight"], params["output.bias"])
    return logits, after, (stem_cache, relu_cache, blocks, pool_cache, output_cache)


def _inputs(n: int, inputs: int, channels: Sequence[int], size: int, classes: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, inputs, channels, classes)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.normal(size=(n, inputs, size, size))

    return draw


def _case(identity: str, n: int, inputs: int, channels: Sequence[int], size: int, classes: int, **options: Any) -> Case:
    rng = np.random.default_rng(0)
    start = init_state(init(rng, inputs, channels, classes))
    state = {name: value + 0.5 * rng.random(size=value.shape) for name, value in start.items()}
    labels = rng.integers(0, classes, size=n)
    return Case(identity, _inputs(n, inputs, channels, size, classes), {"labels": labels, "state": state, **options})


CASES = [
    _case("generic", 3, 2, (3, 3, 4), 6, 5),
    _case("running_var_biased", 3, 2, (3, 3, 4), 6, 5, unbiased=False),
    _case("no_block", 3, 1, (4,), 4, 3),
    _case("identity_only", 3, 1, (3, 3, 3), 5, 3),
    _case("projection_of_odd_size", 4, 1, (2, 3), 5, 3),
    _case("one_image", 1, 1, (2, 3), 6, 2),
]
