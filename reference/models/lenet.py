"""LeNet: two convolutions, each with tanh and subsampling, and a fully connected layer. Similar to LeNet-1, for small images.

    a_1 = avg_pool(tanh(conv(x, K_1) + b_1))        a_2 = avg_pool(tanh(conv(a_1, K_2) + b_2))
    logits = flatten(a_2) @ W + b                   L = cross_entropy(logits, labels)

forward stacks the caches of each stage. backward pops them; it is the forward in the reverse order.

Subsampling takes the mean of each window, as in LeCun's networks, and not the maximum. The background of a digit is 0, and its
convolution is the bias everywhere in a window. A maximum of equal elements has no derivative, and the element that gets the
gradient depends on the framework or on the last bit. A mean and tanh have no kinks.

Shapes: x (N, C, H, W), labels (N,) integers, K_k (O, C, kH, kW) with odd kH and kW, b_k (O,), W (O_2 H/4 W/4, classes), L ().
A stage pads so that the convolution keeps the size; its pooling halves it.
Source: LeCun et al., "Handwritten digit recognition with a back-propagation network", NIPS 1989; LeCun, Bottou, Bengio and
Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86, 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..activations import tanh
from ..case import Array, Case, Inputs, invalid
from ..layers import avg_pool2d, conv2d, flatten, linear
from ..losses import cross_entropy

Params = dict[str, Array]
STAGES = ("conv1", "conv2")


def init(rng: np.random.Generator, channels: Sequence[int], size: int, classes: int, kernel: int = 3) -> Params:
    """Weights of variance 1/fan_in (LeCun et al., "Efficient BackProp", 1998), before a tanh 5/3 times as large, and biases of
    zero, float64.

    channels   of the images and after each of the two stages: (1, 8, 16)
    size       of the images, (size, size)
    """
    params: Params = {}
    for name, before, after in zip(STAGES, channels[:-1], channels[1:], strict=True):
        params[f"{name}.weight"] = rng.normal(size=(after, before, kernel, kernel)) * (5 / 3) / np.sqrt(before * kernel**2)
        params[f"{name}.bias"] = np.zeros(after)
    features = channels[-1] * (size // 4) ** 2
    params["output.weight"], params["output.bias"] = rng.normal(size=(features, classes)) / np.sqrt(features), np.zeros(classes)
    return params


def predict(params: Params, x: Array) -> Array:
    """The logits (N, classes) of x (N, C, H, W)."""
    return _network(params, x)[0]


def forward(params: Params, x: Array, /, *, labels: Array) -> tuple[Array, Any]:
    """The mean loss. params, x (N, C, H, W), labels (N,) -> L ().

    Raises ValueError where shapes do not fit, or a kernel has an even side: no padding keeps the size then.
    """
    logits, network_cache = _network(params, x)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return loss, (network_cache, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout () -> dparams, dx (N, C, H, W), or None without input_gradient: training does not need it."""
    (stages, flatten_cache, output_cache), loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout, loss_cache)
    dfeatures, dparams["output.weight"], dparams["output.bias"] = linear.backward(dlogits, output_cache)
    (da,) = flatten.backward(dfeatures, flatten_cache)
    for name, (conv_cache, tanh_cache, pool_cache) in reversed(list(zip(STAGES, stages, strict=True))):
        (dt,) = avg_pool2d.backward(da, pool_cache)
        (dh,) = tanh.backward(dt, tanh_cache)
        needed = input_gradient or name != STAGES[0]
        da, dparams[f"{name}.weight"], dparams[f"{name}.bias"] = conv2d.backward(dh, conv_cache, input_gradient=needed)
    return dparams, da


def _network(params: Params, x: Array) -> tuple[Array, Any]:
    a, stages = x, []
    for name in STAGES:
        weight = params[f"{name}.weight"]
        height, width = weight.shape[2:]
        if not height % 2 == width % 2 == 1:
            raise invalid("lenet", f"{name}.weight", f"of shape {weight.shape}", "a kernel of odd sides")
        h, conv_cache = conv2d.forward(a, weight, params[f"{name}.bias"], padding=(height // 2, width // 2))
        t, tanh_cache = tanh.forward(h)
        a, pool_cache = avg_pool2d.forward(t, kernel_size=2)
        stages.append((conv_cache, tanh_cache, pool_cache))
    features, flatten_cache = flatten.forward(a)
    logits, output_cache = linear.forward(features, params["output.weight"], params["output.bias"])
    return logits, (stages, flatten_cache, output_cache)


def _inputs(n: int, channels: Sequence[int], size: int, classes: int, kernel: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, channels, size, classes, kernel)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.normal(size=(n, channels[0], size, size))

    return draw


def _case(identity: str, n: int, channels: Sequence[int], size: int, classes: int, kernel: int = 3) -> Case:
    labels = np.random.default_rng(0).integers(0, classes, size=n)
    return Case(identity, _inputs(n, channels, size, classes, kernel), {"labels": labels})


def _oblong(rng: np.random.Generator) -> tuple[Params, Array]:
    """Kernels of 3 by 5."""
    params, x = _inputs(3, (1, 2, 3), 8, 3, 5)(rng)
    return {name: value[:, :, :3] if "conv" in name and value.ndim == 4 else value for name, value in params.items()}, x


CASES = [
    _case("generic", 3, (2, 3, 4), 8, 5),
    _case("one_image", 1, (1, 1, 1), 4, 2),
    _case("rest_after_pooling", 2, (1, 2, 3), 7, 3),
    _case("kernel_5", 3, (1, 2, 3), 8, 4, kernel=5),
    Case("oblong_kernel", _oblong, {"labels": np.array([2, 0, 1])}),
    _case("digits_sized", 16, (1, 8, 16), 8, 10),
]
