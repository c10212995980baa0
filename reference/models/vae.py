"""Variational auto-encoder: an image is encoded as a distribution of codes, and a code drawn from it is decoded to the image.

    h = tanh(x @ W1 + b1)           mean = h @ Wm + bm           logvar = h @ Wv + bv
    z = mean + sd * noise           sd = exp(logvar / 2)         noise ~ N(0, 1) is an argument
    g = tanh(z @ W2 + b2)           logits = g @ W3 + b3
    L = 1/N sum_n (-log p(x_n | z_n) + beta KL_n)                minus the evidence lower bound where beta = 1

-log p(x | z) is the binary cross entropy of the logits, summed over pixels. KL is the divergence of q = N(mean, sd^2) from
p = N(0, 1), from which codes are drawn after training. With s = logvar, E(z - mean)^2 = e^s and E z^2 = mean^2 + e^s,

    KL = E(log q(z) - log p(z)) = E(-s/2 - (z - mean)^2 / (2 e^s) + z^2 / 2) = 1/2 sum_j (mean_j^2 + e^(s_j) - 1 - s_j)

Derivation.  A random z ~ N(mean, sd^2) has no derivative. As a function of mean, logvar and independent noise, z has one:

    dmean = dz + dKL * mean         dlogvar = dz * noise * sd / 2 + dKL * (e^s - 1) / 2

x is the input and the target: with l = (1 - x) logits + softplus(-logits), dl/dx = -logits, and dx is the sum of both.

Shapes: x (N, I) in [0, 1], noise, mean, logvar and z (N, Z), h and g (N, H), L ().
Source: Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendices B and C; beta is Higgins et al., "beta-VAE", 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import tanh
from ..case import Array, Case, Inputs, invalid, require_floats
from ..layers import linear
from ..losses import binary_cross_entropy_with_logits

Params = dict[str, Array]


def init(rng: np.random.Generator, inputs: int, hidden: int, codes: int) -> Params:
    """Weights of variance 1/fan_in and biases of zero, float64."""
    sizes = {
        "encoder.hidden": (inputs, hidden),
        "encoder.mean": (hidden, codes),
        "encoder.logvar": (hidden, codes),
        "decoder.hidden": (codes, hidden),
        "decoder.output": (hidden, inputs),
    }
    params: Params = {}
    for name, (before, after) in sizes.items():
        params[f"{name}.weight"] = rng.normal(size=(before, after)) / np.sqrt(before)
        params[f"{name}.bias"] = np.zeros(after)
    return params


def predict(params: Params, x: Array) -> Array:
    """The logits (N, I) of x (N, I), decoded from the mean of its codes."""
    (mean, _), _ = encode(params, x)
    return decode(params, mean)[0]


def encode(params: Params, x: Array) -> tuple[tuple[Array, Array], Any]:
    """x (N, I) -> (mean, logvar) (N, Z)."""
    h, hidden = linear.forward(x, *_layer(params, "encoder.hidden"))
    a, activation = tanh.forward(h)
    mean, to_mean = linear.forward(a, *_layer(params, "encoder.mean"))
    logvar, to_logvar = linear.forward(a, *_layer(params, "encoder.logvar"))
    return (mean, logvar), (hidden, activation, to_mean, to_logvar)


def decode(params: Params, z: Array) -> tuple[Array, Any]:
    """z (N, Z) -> logits (N, I)."""
    g, hidden = linear.forward(z, *_layer(params, "decoder.hidden"))
    a, activation = tanh.forward(g)
    logits, output = linear.forward(a, *_layer(params, "decoder.output"))
    return logits, (hidden, activation, output)


def forward(params: Params, x: Array, /, *, noise: Array, beta: float = 1.0) -> tuple[Array, Any]:
    """The mean loss. params, x (N, I), noise (N, Z) -> L (). beta weighs the divergence.

    Raises ValueError where dtypes or shapes do not fit, or there is no image.
    """
    (mean, logvar), encoder = encode(params, x)
    require_floats("vae", x=x, noise=noise)
    if noise.shape != mean.shape:
        raise invalid("vae", "noise", f"of shape {noise.shape}", f"{mean.shape}, one for each code")
    if not len(x) > 0:
        raise invalid("vae", "x", f"of shape {x.shape}", "at least one image")
    sd = np.exp(logvar / 2)
    z = mean + sd * noise
    logits, decoder = decode(params, z)
    reconstruction, reconstruction_cache = binary_cross_entropy_with_logits.forward(logits, labels=x, reduction="sum")
    variance = np.exp(logvar)
    divergence = (mean * mean + variance - 1 - logvar).sum() / 2
    loss = (reconstruction + beta * divergence) / len(x)
    return loss, (encoder, (mean, variance, sd, noise), decoder, logits, reconstruction_cache, beta)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout () -> dparams, dx (N, I), or None without input_gradient."""
    encoder, (mean, variance, sd, noise), decoder, logits, reconstruction_cache, beta = cache
    dparams: Params = {}
    dsum = dout / len(mean)
    (dlogits,) = binary_cross_entropy_with_logits.backward(dsum, reconstruction_cache)

    hidden, activation, output = decoder
    da, dparams["decoder.output.weight"], dparams["decoder.output.bias"] = linear.backward(dlogits, output)
    (dg,) = tanh.backward(da, activation)
    dz, dparams["decoder.hidden.weight"], dparams["decoder.hidden.bias"] = linear.backward(dg, hidden)

    dmean = dz + dsum * beta * mean  # through z, and through the divergence
    dlogvar = dz * noise * sd / 2 + dsum * beta * (variance - 1) / 2

    hidden, activation, to_mean, to_logvar = encoder
    da_mean, dparams["encoder.mean.weight"], dparams["encoder.mean.bias"] = linear.backward(dmean, to_mean)
    da_logvar, dparams["encoder.logvar.weight"], dparams["encoder.logvar.bias"] = linear.backward(dlogvar, to_logvar)
    (dh,) = tanh.backward(da_mean + da_logvar, activation)  # both heads read the same a
    dx, dweight, dbias = linear.backward(dh, hidden, input_gradient=input_gradient)
    dparams["encoder.hidden.weight"], dparams["encoder.hidden.bias"] = dweight, dbias
    return dparams, dx - dsum * logits if input_gradient else None  # as the input, and as the target


def _layer(params: Params, name: str) -> tuple[Array, Array]:
    return params[f"{name}.weight"], params[f"{name}.bias"]


def _case(identity: str, n: int, *sizes: int, **options: Any) -> Case:
    noise = np.random.default_rng(0).normal(size=(n, sizes[-1]))
    return Case(identity, _inputs(n, *sizes), {"noise": noise, **options})


def _inputs(n: int, *sizes: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, *sizes)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.random(size=(n, sizes[0]))

    return draw


CASES = [
    _case("generic", 6, 5, 7, 3),
    _case("one", 1, 1, 3, 1),
    _case("beta", 6, 5, 7, 3, beta=4.0),
    _case("reconstruction_alone", 6, 5, 7, 3, beta=0.0),
    _case("larger", 32, 64, 48, 8),
]
