"""Multi-head attention: several attentions in parallel, each in its own part of the features.

    Q = query W_q + b_q,    K = key W_k + b_k,    V = value W_v + b_v        split into H parts of D/H features
    A_h = softmax(Q_h K_h^T / sqrt(D/H)) V_h                                  one attention for each head
    y = [A_1 ... A_H] W_o + b_o

Derivation.  Four affine maps and one attention, each with its own vjp (`linear`, `scaled_dot_product_attention`), in the reverse
order. Splitting into heads and joining them are permutations, whose vjp is the inverse permutation. b_k adds Q_l . b_k to all
scores of a row. softmax does not depend on that, so the gradient of b_k is zero. In self-attention query, key and value are one
array, and its gradient is the sum of the three.

Shapes: query (N, L, D), key, value (N, S, D), weights (D, D), biases (D,), mask (L, S) or (N, L, S), y (N, L, D).
Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2.

nn.MultiheadAttention stacks W_q, W_k and W_v transposed into one (3 D, D) weight, and its mask is True where a key is left out;
Keras and flax keep kernels of shape (D, H, D/H), for the output (H, D/H, D), and their masks are True where a query attends,
as here.
"""

from typing import Any

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick
from . import linear, scaled_dot_product_attention
from .masking import chosen_mask, hidden_keys

NAME = "multi_head_attention"


def forward(
    query: Array,
    key: Array,
    value: Array,
    query_weight: Array,
    query_bias: Array,
    key_weight: Array,
    key_bias: Array,
    value_weight: Array,
    value_bias: Array,
    output_weight: Array,
    output_bias: Array,
    /,
    *,
    heads: int,
    mask: Array | None = None,
    causal: bool = False,
) -> tuple[Array, Any]:
    """y = attention of each head, joined and mapped. query (N, L, D), key, value (N, S, D) -> y (N, L, D).

    Raises ValueError where dtypes or shapes do not fit, heads do not divide D, for a mask that is not of bool, and where a query
    may see no key.
    """
    inputs = {"query": query, "key": key, "value": value}
    weights = {
        "query_weight": query_weight,
        "key_weight": key_weight,
        "value_weight": value_weight,
        "output_weight": output_weight,
    }
    biases = {"query_bias": query_bias, "key_bias": key_bias, "value_bias": value_bias, "output_bias": output_bias}
    require_floats(NAME, **inputs, **weights, **biases)
    if query.ndim != 3:
        raise invalid(NAME, "query", f"of shape {query.shape}", "(N, L, D)")
    n, queries, width = query.shape
    if not (heads > 0 and width % heads == 0):
        raise invalid(NAME, "heads", heads, f"a divisor of {width}, the width of query")
    if not (key.ndim == 3 and key.shape[::2] == (n, width) and key.shape[1] > 0):
        raise invalid(NAME, "key", f"of shape {key.shape}", f"({n}, S, {width}) with S >= 1")
    if value.shape != key.shape:
        raise invalid(NAME, "value", f"of shape {value.shape}", f"{key.shape}, the shape of key")
    for named, shape in ((weights, (width, width)), (biases, (width,))):
        for argument, array in named.items():
            if array.shape != shape:
                raise invalid(NAME, argument, f"of shape {array.shape}", f"{shape}")
    hidden_keys(NAME, mask, causal, (n, queries, key.shape[1]))
    if mask is not None and mask.ndim == 3:
        mask = mask[:, None]  # the same for all heads

    q, query_cache = linear.forward(query, query_weight, query_bias)
    k, key_cache = linear.forward(key, key_weight, key_bias)
    v, value_cache = linear.forward(value, value_weight, value_bias)
    split = (_split(x, heads) for x in (q, k, v))
    attended, attention_cache = scaled_dot_product_attention.forward(*split, mask=mask, causal=causal)
    y, output_cache = linear.forward(_join(attended), output_weight, output_bias)
    return y, (heads, query_cache, key_cache, value_cache, attention_cache, output_cache)


def backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """dout (N, L, D) -> a gradient for each argument of forward, in order."""
    heads, query_cache, key_cache, value_cache, attention_cache, output_cache = cache
    djoined, doutput_weight, doutput_bias = linear.backward(dout, output_cache)
    dsplit = scaled_dot_product_attention.backward(_split(djoined, heads), attention_cache)
    dq, dk, dv = (_join(x) for x in dsplit)
    dquery, dquery_weight, dquery_bias = linear.backward(dq, query_cache)
    dkey, dkey_weight, dkey_bias = linear.backward(dk, key_cache)
    dvalue, dvalue_weight, dvalue_bias = linear.backward(dv, value_cache)
    return (
        dquery, dkey, dvalue,
        dquery_weight, dquery_bias, dkey_weight, dkey_bias, dvalue_weight, dvalue_bias, doutput_weight, doutput_bias,
    )  # fmt: skip


def _split(x: Array, heads: int) -> Array:
    """(N, L, D) -> (N, H, L, D/H)."""
    n, length, width = x.shape
    return x.reshape(n, length, heads, width // heads).swapaxes(1, 2)


def _join(x: Array) -> Array:
    """(N, H, L, D/H) -> (N, L, D)."""
    n, heads, length, width = x.shape
    return x.swapaxes(1, 2).reshape(n, length, heads * width)


def domain(pick: Pick) -> Arguments:
    n, heads, causal = pick.size(1, 2), pick.size(1, 2), pick.one_of(False, True)
    queries, keys, width = pick.size(1 + causal, 3), pick.size(2, 3), heads * pick.size(1, 2)
    query, key, value = (pick.floats(n, length, width, low=-2, high=2) for length in (queries, keys, keys))
    arrays = (pick.floats(*shape, low=-1, high=1) for _ in range(4) for shape in ((width, width), (width,)))
    mask = chosen_mask(pick, causal, (queries, keys), (n, queries, keys))
    return (query, key, value, *arrays), {"heads": heads, "mask": mask, "causal": causal}


def _inputs(n: int, queries: int, keys: int, width: int, attends_to_itself: bool = False) -> Inputs:
    def inputs(rng: np.random.Generator) -> tuple[Array, ...]:
        query, key, value = (rng.normal(size=(n, length, width)) for length in (queries, keys, keys))
        if attends_to_itself:
            key = value = query
        pairs = ((rng.normal(size=(width, width)) / np.sqrt(width), rng.normal(size=width)) for _ in range(4))
        return query, key, value, *(array for pair in pairs for array in pair)

    return inputs


_ZERO = ("key_bias",)
_MASK = np.array([[True, True, False, True, True], [False, True, True, True, False], [True] * 5])
_MASK_OF_EACH = np.stack([_MASK, _MASK[::-1]])

CASES = [
    Case("generic", _inputs(2, 3, 5, 4), {"heads": 2}, zero=_ZERO),
    # With one key softmax is 1 for any query and key.
    Case("one", _inputs(1, 1, 1, 2), {"heads": 2}, zero=("query", "key", "query_weight", "query_bias", "key_weight", "key_bias")),
    Case("self", _inputs(2, 5, 5, 8, attends_to_itself=True), {"heads": 2}, zero=_ZERO),
    Case("causal_self", _inputs(2, 5, 5, 8, attends_to_itself=True), {"heads": 2, "causal": True}, zero=_ZERO),
    Case("one_head", _inputs(2, 3, 5, 4), {"heads": 1}, zero=_ZERO),
    Case("masked", _inputs(2, 3, 5, 8), {"heads": 2, "mask": _MASK}, zero=_ZERO),
    Case("masked_each", _inputs(2, 3, 5, 4), {"heads": 4, "mask": _MASK_OF_EACH}, zero=_ZERO),
    Case("as_many_queries_as_heads_of_one", _inputs(2, 4, 5, 4), {"heads": 4}, zero=_ZERO),
    Case("large", _inputs(2, 16, 16, 32, attends_to_itself=True), {"heads": 2, "causal": True}, zero=_ZERO),
]
