"""The basic block of a residual network, and the normalised convolution of which it consists.

    n_1 = norm(conv(a, K_1))        n_2 = norm(conv(relu(n_1), K_2))        y = relu(n_2 + skip)

    skip = a                        where size and channels do not change: the identity
    skip = norm(conv(a, K_P))       where the block has a projection: a kernel of 1 x 1, with the stride of K_1, which is 2

a is used twice, and each use has its gradient. The gradient of a is their sum:

    da = da_branch + da_skip        da_skip = dsum under the identity, with dsum the gradient of n_2 + skip

Convolutions have no bias, because batch normalisation removes it. A kernel of 3 x 3 is padded by 1 on all sides, also at stride
2. "SAME" in Keras and flax pads the end alone there, so that the windows start a pixel later.

Shapes: a (N, C, H, W), y (N, C, H, W), or with a projection (N, O, ceil(H/2), ceil(W/2)).
Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016; the projection is option B there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import relu
from ..case import Array
from ..layers import batch_norm, conv2d

Params = dict[str, Array]
State = dict[str, Array]


def init(rng: np.random.Generator, name: str, before: int, after: int) -> Params:
    """The block's parameters, float64; with a projection where the channels change."""
    params = init_conv_norm(rng, f"{name}.first", before, after, kernel=3)
    params |= init_conv_norm(rng, f"{name}.second", after, after, kernel=3)
    return params | (init_conv_norm(rng, f"{name}.projection", before, after, kernel=1) if before != after else {})


def forward(name: str, a: Array, params: Params, state: State, **how: bool) -> tuple[Array, State, Any]:
    """a (N, C, H, W) -> y, the block's running statistics, cache. how: training and unbiased, as for batch normalisation."""
    projected = f"{name}.projection.conv.weight" in params
    stride = 2 if projected else 1
    n1, state1, first_cache = conv_norm(f"{name}.first", a, params, state, stride, **how)
    r, relu_cache = relu.forward(n1)
    n2, state2, second_cache = conv_norm(f"{name}.second", r, params, state, **how)
    skip, skip_cache = a, None
    skip_state: State = {}
    if projected:
        skip, skip_state, skip_cache = conv_norm(f"{name}.projection", a, params, state, stride, **how)
    y, sum_cache = relu.forward(n2 + skip)
    return y, state1 | state2 | skip_state, (first_cache, relu_cache, second_cache, skip_cache, sum_cache)


def backward(name: str, dy: Array, cache: Any) -> tuple[Array, Params]:
    """dy -> da (N, C, H, W), dparams."""
    first_cache, relu_cache, second_cache, skip_cache, sum_cache = cache
    (dsum,) = relu.backward(dy, sum_cache)
    da_skip = dsum
    dskip: Params = {}
    if skip_cache:
        da_skip, dskip = conv_norm_backward(f"{name}.projection", dsum, skip_cache)
    dr, dsecond = conv_norm_backward(f"{name}.second", dsum, second_cache)
    (dn1,) = relu.backward(dr, relu_cache)
    da_branch, dfirst = conv_norm_backward(f"{name}.first", dn1, first_cache)
    return da_branch + da_skip, dfirst | dsecond | dskip  # the gradients of the two uses of a


def init_conv_norm(rng: np.random.Generator, name: str, before: int, after: int, kernel: int) -> Params:
    """Weights of variance 2/fan_in (He et al., 2015); the normalisation's weight is one and its bias zero."""
    weight = rng.normal(size=(after, before, kernel, kernel)) * np.sqrt(2 / (before * kernel**2))
    return {f"{name}.conv.weight": weight, f"{name}.norm.weight": np.ones(after), f"{name}.norm.bias": np.zeros(after)}


def conv_norm(
    name: str, x: Array, params: Params, state: State, stride: int = 1, *, training: bool = True, unbiased: bool = True
) -> tuple[Array, State, Any]:
    """n = norm(conv(x)). x (N, C, H, W) -> n (N, O, H', W'), the running statistics, cache."""
    weight, gain, bias = params[f"{name}.conv.weight"], params[f"{name}.norm.weight"], params[f"{name}.norm.bias"]
    running_mean, running_var = state[f"{name}.norm.running_mean"], state[f"{name}.norm.running_var"]
    h, conv_cache = conv2d.forward(x, weight, np.zeros_like(bias), stride=stride, padding=weight.shape[-1] // 2)
    (n, mean, var), norm_cache = batch_norm.forward(
        h, gain, bias, running_mean=running_mean, running_var=running_var, training=training, unbiased=unbiased
    )
    return n, {f"{name}.norm.running_mean": mean, f"{name}.norm.running_var": var}, (conv_cache, norm_cache)


def conv_norm_backward(name: str, dn: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Any, Params]:
    """dn (N, O, H', W') -> dx (N, C, H, W), or None without input_gradient; dparams."""
    conv_cache, norm_cache = cache
    dh, dgain, dbias = batch_norm.backward((dn, None, None), norm_cache)
    dx, dweight, _ = conv2d.backward(dh, conv_cache, input_gradient=input_gradient)
    return dx, {f"{name}.conv.weight": dweight, f"{name}.norm.weight": dgain, f"{name}.norm.bias": dbias}
