"""A small GPT: a decoder-only transformer that predicts the next character of a text.

    h_0 = E[tokens] + P                                                         E token table, P position table
    a_k = h_k + attention(norm_1(h_k))        h_{k+1} = a_k + mlp(norm_2(a_k))        for k = 0 ... K - 1
    logits = norm(h_K) E^T                    L = cross_entropy(logits, labels), over all positions at once

attention is causal: position t attends to 0 ... t, so that one pass trains T predictions. mlp(x) = gelu(x W + b) W' + b'. The
norms are inside the branches, so h_0, h_1, ... is a plain sum: in backward dh passes every block unchanged, and each branch adds
its share.

E is used twice, to look up tokens and to compare the last state with each of them. Its gradient is the sum of both uses. Queries,
keys and values have no bias. That of the keys would have a gradient of zero (see `multi_head_attention`), and Adam would make
whole steps of its rounding errors.

Shapes: tokens, labels (N, T) of integers below V, E (V, D), P (M, D) with M >= T, h (N, T, D), W (D, 4D), W' (4D, D), L ().
Source: Vaswani et al., "Attention is all you need", NeurIPS 2017; Radford et al., "Language models are unsupervised multitask
learners", 2019; the tied table: Press and Wolf, "Using the output embedding to improve language models", EACL 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import gelu
from ..case import Array, Case, Inputs, invalid
from ..layers import embedding, layer_norm, linear, multi_head_attention, positional_embedding
from ..losses import cross_entropy

Params = dict[str, Array]
PROJECTIONS = ("query", "key", "value", "output")


def init(rng: np.random.Generator, vocabulary: int, context: int, width: int, depth: int) -> Params:
    """Tables of deviation 1/sqrt(4 D), weights of variance 1/fan_in; the last of each branch is divided by sqrt(2K). float64."""

    def weight(inputs: int, outputs: int, scale: float = 1.0) -> Array:
        return np.asarray(rng.normal(size=(inputs, outputs)) * scale / np.sqrt(inputs))

    params = {
        "token.weight": rng.normal(size=(vocabulary, width)) / np.sqrt(4 * width),
        "position.weight": rng.normal(size=(context, width)) / np.sqrt(4 * width),
    }
    last = 1 / np.sqrt(2 * depth)
    for k in range(depth):
        params |= _norm(f"block.{k}.norm1", width)
        scales = (1, 1, 1, last)
        params |= {f"block.{k}.attention.{p}.weight": weight(width, width, s) for p, s in zip(PROJECTIONS, scales, strict=True)}
        params |= _norm(f"block.{k}.norm2", width)
        params |= {f"block.{k}.expand.weight": weight(width, 4 * width), f"block.{k}.expand.bias": np.zeros(4 * width)}
        params |= {f"block.{k}.contract.weight": weight(4 * width, width, last), f"block.{k}.contract.bias": np.zeros(width)}
    return params | _norm("norm", width)


def depth(params: Params) -> int:
    """The number of blocks in params."""
    return sum(name.endswith("norm1.weight") for name in params)


def predict(params: Params, tokens: Array, *, heads: int = 4) -> Array:
    """The logits (N, T, V) of the token after each of tokens (N, T)."""
    return _network(params, tokens, heads)[0]


def forward(params: Params, /, *, tokens: Array, labels: Array, heads: int = 4) -> tuple[Array, Any]:
    """The mean loss over all positions. params, tokens and labels (N, T) -> L ().

    Raises ValueError where dtypes or shapes do not fit, a token or label is out of range, or heads do not divide the width.
    """
    logits, network_cache = _network(params, tokens, heads)
    if labels.shape != tokens.shape:
        raise invalid("gpt", "labels", f"of shape {labels.shape}", f"{tokens.shape}, the shape of tokens")
    loss, loss_cache = cross_entropy.forward(logits.reshape(-1, logits.shape[-1]), labels=labels.reshape(-1))
    return loss, (network_cache, logits.shape, loss_cache)


def backward(dout: Array, cache: Any) -> tuple[Params]:
    """dout: dL () -> dparams."""
    (token_cache, position_cache, block_caches, norm_cache, output_cache), shape, loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout, loss_cache)
    dn, dtoken_as_output, _ = linear.backward(dlogits.reshape(shape), output_cache)
    dh, dparams["norm.weight"], dparams["norm.bias"] = layer_norm.backward(dn, norm_cache)
    for k, block_cache in reversed(list(enumerate(block_caches))):
        dh, dblock = _block_backward(dh, block_cache)
        dparams |= {f"block.{k}.{name}": grad for name, grad in dblock.items()}
    dh, dparams["position.weight"] = positional_embedding.backward(dh, position_cache)
    (dtoken_as_input,) = embedding.backward(dh, token_cache)
    dparams["token.weight"] = dtoken_as_input + dtoken_as_output.T
    return (dparams,)


def _network(params: Params, tokens: Array, heads: int) -> tuple[Array, Any]:
    if tokens.ndim != 2:
        raise invalid("gpt", "tokens", f"of shape {tokens.shape}", "(N, T)")
    token = params["token.weight"]
    h, token_cache = embedding.forward(token, indices=tokens)
    h, position_cache = positional_embedding.forward(h, params["position.weight"])
    block_caches = []
    for k in range(depth(params)):
        h, block_cache = _block(params, f"block.{k}", h, heads)
        block_caches.append(block_cache)
    n, norm_cache = layer_norm.forward(h, params["norm.weight"], params["norm.bias"])
    logits, output_cache = linear.forward(n, token.T, np.zeros_like(token[:, 0]))
    return logits, (token_cache, position_cache, block_caches, norm_cache, output_cache)


def _block(params: Params, block: str, h: Array, heads: int) -> tuple[Array, Any]:
    """h (N, T, D) -> h + attention + mlp."""
    n, norm1_cache = layer_norm.forward(h, params[f"{block}.norm1.weight"], params[f"{block}.norm1.bias"])
    none = np.zeros_like(params[f"{block}.norm1.bias"])
    projections = (array for p in PROJECTIONS for array in (params[f"{block}.attention.{p}.weight"], none))
    attended, attention_cache = multi_head_attention.forward(n, n, n, *projections, heads=heads, causal=True)
    a = h + attended
    n, norm2_cache = layer_norm.forward(a, params[f"{block}.norm2.weight"], params[f"{block}.norm2.bias"])
    e, expand_cache = linear.forward(n, params[f"{block}.expand.weight"], params[f"{block}.expand.bias"])
    g, gelu_cache = gelu.forward(e)
    m, contract_cache = linear.forward(g, params[f"{block}.contract.weight"], params[f"{block}.contract.bias"])
    return a + m, (norm1_cache, attention_cache, norm2_cache, expand_cache, gelu_cache, contract_cache)


def _block_backward(dh: Array, cache: Any) -> tuple[Array, Params]:
    """dh (N, T, D), the cotangent of the block's output -> that of its input, and dparams under their names in the block."""
    norm1_cache, attention_cache, norm2_cache, expand_cache, gelu_cache, contract_cache = cache
    d: Params = {}
    dg, d["contract.weight"], d["contract.bias"] = linear.backward(dh, contract_cache)
    (de,) = gelu.backward(dg, gelu_cache)
    dn, d["expand.weight"], d["expand.bias"] = linear.backward(de, expand_cache)
    dbranch, d["norm2.weight"], d["norm2.bias"] = layer_norm.backward(dn, norm2_cache)
    da = dh + dbranch
    dquery, dkey, dvalue, *dprojections = multi_head_attention.backward(da, attention_cache)
    d |= {f"attention.{p}.weight": grad for p, grad in zip(PROJECTIONS, dprojections[::2], strict=True)}  # without the biases
    dn = dquery + dkey + dvalue
    dbranch, d["norm1.weight"], d["norm1.bias"] = layer_norm.backward(dn, norm1_cache)
    return da + dbranch, d


def _norm(name: str, width: int) -> Params:
    return {f"{name}.weight": np.ones(width), f"{name}.bias": np.zeros(width)}


def _case(identity: str, n: int, length: int, vocabulary: int, width: int, blocks: int, context: int = 0, **options: Any) -> Case:
    rng = np.random.default_rng(0)
    tokens, labels = rng.integers(0, vocabulary, size=(2, n, length))
    return Case(identity, _inputs(vocabulary, context or length, width, blocks), {"tokens": tokens, "labels": labels, **options})


def _inputs(vocabulary: int, context: int, width: int, blocks: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params]:
        params = init(rng, vocabulary, context, width, blocks)
        return ({name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()},)  # biases off zero too

    return draw


CASES = [
    _case("generic", 2, 5, 7, 36, 2, heads=9),
    _case("shorter_than_the_context", 2, 3, 5, 64, 1, context=6),
    _case("one_head", 3, 4, 5, 4, 1, heads=1),
    _case("two_tokens", 1, 2, 2, 3, 1, heads=3),
    _case("large", 4, 16, 24, 36, 2, heads=9),
]
