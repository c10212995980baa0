"""Scaled dot-product attention: for each query the mean of the values, weighted by the match of the query and their keys.

    S = scale Q K^T,    S_ls = -inf where query l may not attend to key s
    P = softmax(S) along s
    Y = P V

Derivation.  The two products are linear, and softmax along s has dS_ls = P_ls (dP_ls - sum_t dP_lt P_lt):

    dV = P^T dY        dP = dY V^T        dQ = scale dS K        dK = scale dS^T Q

The sum needs no pass over P: sum_t dP_lt P_lt = sum_t (sum_e dY_le V_te) P_lt = sum_e dY_le Y_le. A hidden key has P_ls = 0, and
so no gradient. S is computed as (K Q^T)^T: in memory the queries of a key lie side by side, and NumPy takes the maximum over keys
for all of them at once, in a third of the time. dP is computed as (V dY^T)^T, to lie in memory as P does.

Shapes: query (..., L, E), key (..., S, E), value (..., S, V), mask broadcasting to (..., L, S), y (..., L, V). scale is 1/sqrt(E)
by default.
Source: Vaswani et al., "Attention is all you need", NeurIPS 2017; the sum: Dao et al., "FlashAttention", NeurIPS 2022.

A boolean mask has two opposite meanings in PyTorch. True attends in F.scaled_dot_product_attention, in Keras, JAX and here. True
is left out in nn.MultiheadAttention. A query without any key has no softmax. It is an error here; PyTorch returns 0 or nan,
TensorFlow and JAX return the mean of all values. Causal counts from the first query and the first key, also if L and S differ.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from ..passes import dot_along
from .masking import chosen_mask, hidden_keys

Cache = tuple[Array, Array, Array, Array, Array, float]


def forward(
    query: Array,
    key: Array,
    value: Array,
    /,
    *,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> tuple[Array, Cache]:
    """Y = softmax(scale Q K^T) V. query (..., L, E), key (..., S, E), value (..., S, V) -> y (..., L, V).

    Raises ValueError where dtypes or shapes do not fit, for a mask that is not of bool, and where a query may see no key.
    """
    name = "scaled_dot_product_attention"
    require_floats(name, query=query, key=key, value=value)
    if not (query.ndim >= 2 and query.shape[-1] > 0):
        raise invalid(name, "query", f"of shape {query.shape}", "(..., L, E)")
    *batch, _, width = query.shape
    keys = key.shape[-2] if key.ndim >= 2 else 0
    expected = (*batch, keys, width)
    if not (key.shape == expected and keys > 0):
        raise invalid(name, "key", f"of shape {key.shape}", f"{(*batch, 'S', width)} with S >= 1")
    if value.shape[:-1] != key.shape[:-1]:
        raise invalid(name, "value", f"of shape {value.shape}", f"{(*batch, keys, 'V')}")
    hidden = hidden_keys(name, mask, causal, (*query.shape[:-1], keys))
    if scale is None:
        scale = 1 / np.sqrt(query.dtype.type(width))
    query = query * scale
    p = (key @ query.swapaxes(-1, -2)).swapaxes(-1, -2)
    if hidden is not None:
        np.copyto(p, -np.inf, where=hidden)
    p -= p.max(axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=-1, keepdims=True)
    y = p @ value
    return y, (query, key, value, p, y, scale)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (..., L, V) -> dquery (..., L, E), dkey (..., S, E), dvalue (..., S, V)."""
    query, key, value, p, y, scale = cache  # query is scaled already
    ds = (value @ dout.swapaxes(-1, -2)).swapaxes(-1, -2)
    ds -= dot_along(dout, y)
    ds *= p
    dquery = ds @ key
    dquery *= scale
    return dquery, ds.swapaxes(-1, -2) @ query, p.swapaxes(-1, -2) @ dout


def domain(pick: Pick) -> Arguments:
    batch, causal = any_shape(pick, 0, 2), pick.one_of(False, True)
    queries, keys, width = pick.size(1 + causal, 3), pick.size(2, 3), pick.size(1, 3)  # with one key nothing depends on the query
    query, key = (pick.floats(*batch, length, width, low=-2, high=2) for length in (queries, keys))
    mask = chosen_mask(pick, causal, (queries, keys), (*batch, queries, keys), (*(1 for _ in batch), 1, keys))
    options = {"mask": mask, "causal": causal, "scale": pick.one_of(None, 0.75, 1.0)}
    return (query, key, pick.floats(*batch, keys, pick.size(1, 3))), options


def _inputs(*batch: int, queries: int, keys: int, width: int, values: int | None = None) -> Inputs:
    return lambda rng: (
        rng.normal(size=(*batch, queries, width)),
        rng.normal(size=(*batch, keys, width)),
        rng.normal(size=(*batch, keys, width if values is None else values)),
    )


_PADDING = np.array([[True, True, True, False, True], [True, False, True, False, False]])[:, None, None, :]

CASES = [
    Case("generic", _inputs(2, 3, queries=4, keys=5, width=6)),
    Case("one", _inputs(1, 1, queries=1, keys=1, width=1), zero=("query", "key")),
    Case("odd", _inputs(1, 3, queries=7, keys=3, width=5)),
    Case("large", _inputs(2, 2, queries=32, keys=32, width=16)),
    Case("without_heads", _inputs(2, queries=4, keys=5, width=6)),
    Case(
        "without_heads_masked_scaled_causal",
        _inputs(2, queries=4, keys=5, width=6),
        {"mask": _PADDING[:, 0], "causal": True, "scale": 0.75},
    ),
    Case("causal", _inputs(2, 3, queries=4, keys=4, width=4), {"causal": True}),
    Case("causal_longer_keys", _inputs(2, 3, queries=4, keys=5, width=4), {"causal": True}),
    Case("padding", _inputs(2, 3, queries=4, keys=5, width=4), {"mask": _PADDING}),
    Case("masked_and_causal", _inputs(2, 3, queries=4, keys=5, width=4), {"mask": _PADDING, "causal": True}),
    Case("scaled", _inputs(2, 3, queries=4, keys=5, width=6), {"scale": 0.75}),
    Case("saturated", _inputs(2, 3, queries=4, keys=5, width=6), {"scale": 12.0}),
    Case("sharp", _inputs(2, 3, queries=4, keys=5, width=6), {"scale": 48.0}),
    Case(
        "equal_keys",
        lambda rng: (rng.normal(size=(2, 3, 4, 4)), np.ones((2, 3, 5, 4)), rng.normal(size=(2, 3, 5, 4))),
        zero=("query",),
    ),
]
