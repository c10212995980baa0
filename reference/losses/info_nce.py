"""InfoNCE: each query should find its own key among those of the batch.

    u = q / max(|q|, eps)        v = k / max(|k|, eps)        s_ij = u_i . v_j / temperature
    l_i = -log softmax_j(s_ij) at j = i,  reduced

With symmetric, the mean of that and of the same with queries and keys exchanged: each key should find its query too.

Derivation.  Cross entropy with label i in row i: ds_ij = dl_i (softmax_j(s_ij) - [i = j]); the columns add theirs. Then

    du = ds v / temperature        dv = ds^T u / temperature

and dq and dk follow from them as in `unit.py`. A small temperature is a large factor, which also magnifies rounding.

Shapes: query (N, D); keys (M, D), M >= N, of which key i belongs to query i and those from N on to none; L () or, unreduced,
(N,). No framework has it as one function; all have its parts.
Source: van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding", 2018; unit vectors,
temperature and further keys: He et al., "Momentum contrast", CVPR 2020; symmetric: Radford et al., "Learning transferable
visual models from natural language supervision", ICML 2021.
"""

import numpy as np

from ..activations import log_softmax
from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick
from . import unit
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, list[tuple[Array, int]], unit.Cache, unit.Cache, float, Array, Reduction]


def forward(
    query: Array,
    keys: Array,
    /,
    *,
    temperature: float = 0.07,
    symmetric: bool = False,
    eps: float = 1e-12,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(-log softmax(cosine(query, keys) / temperature)_ii). query (N, D), keys (M, D) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, and for a temperature or eps that is not positive.
    """
    name = "info_nce"
    require_floats(name, query=query, keys=keys)
    if query.ndim != 2:
        raise invalid(name, "query", f"of shape {query.shape}", "(N, D)")
    n, features = query.shape
    fits = keys.ndim == 2 and keys.shape[1] == features and (keys.shape[0] == n or (keys.shape[0] > n and not symmetric))
    if not fits:
        raise invalid(
            name, "keys", f"of shape {keys.shape}", f"({n}, {features})" if symmetric else f"(M, {features}) with M >= {n}"
        )
    if not temperature > 0:
        raise invalid(name, "temperature", temperature, "temperature > 0")
    if not eps > 0:
        raise invalid(name, "eps", eps, "eps > 0")
    u, cache_u = unit.forward(query, 1, eps)
    v, cache_v = unit.forward(keys, 1, eps)
    scores = u @ v.T / temperature
    log_p, along_rows = log_softmax.forward(scores, axis=1)
    own = np.arange(n)
    losses, directions = -log_p[own, own], [along_rows]
    if symmetric:
        log_p, along_columns = log_softmax.forward(scores, axis=0)
        losses, directions = (losses - log_p[own, own]) / 2, [along_rows, along_columns]
    return reduce(losses, reduction, name), (u, v, directions, cache_u, cache_v, temperature, losses, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (N,) -> dquery (N, D), dkeys (M, D)."""
    u, v, directions, cache_u, cache_v, temperature, losses, reduction = cache
    own = np.arange(len(u))
    dlog_p = np.zeros_like(directions[0][0])
    dlog_p[own, own] = -spread(dout, losses, reduction) / len(directions)
    first, *others = (log_softmax.backward(dlog_p, direction)[0] for direction in directions)
    dscores = sum(others, first) / temperature
    return unit.backward(dscores @ v, cache_u), unit.backward(dscores.T @ u, cache_v)


def _inputs(n: int, keys: int, features: int) -> Inputs:
    return lambda rng: (rng.normal(size=(n, features)), rng.normal(size=(keys, features)))


_WITH_ZERO = np.array([[0.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0]])

CASES = [
    Case("generic", _inputs(4, 4, 5)),
    Case("one", _inputs(1, 1, 3), zero=("query", "keys")),
    Case("odd_sum", _inputs(7, 7, 3), {"reduction": "sum"}),
    Case("none", _inputs(4, 4, 5), {"reduction": "none"}),
    Case("temperature", _inputs(4, 4, 5), {"temperature": 1.0}),
    Case("more_keys", _inputs(4, 9, 5)),
    Case("symmetric", _inputs(4, 4, 5), {"symmetric": True}),
    Case("symmetric_none", _inputs(4, 4, 5), {"symmetric": True, "temperature": 0.5, "reduction": "none"}),
    Case("large", _inputs(48, 64, 32)),
    Case(
        "shorter_than_eps", lambda rng: (0.1 * rng.normal(size=(4, 5)), rng.normal(size=(4, 5))), {"eps": 1.0, "temperature": 1.0}
    ),
    Case(
        "keys_shorter_than_eps",
        lambda rng: (rng.normal(size=(4, 5)), 0.1 * rng.normal(size=(4, 5))),
        {"eps": 1.0, "temperature": 1.0},
    ),
    Case("zero_vector", lambda rng: (_WITH_ZERO, rng.normal(size=(3, 4))), {"eps": 0.25, "temperature": 1.0}),
    Case("aligned", lambda rng: ((x := rng.normal(size=(4, 5))), x + 0.1 * rng.normal(size=(4, 5)))),
]


def domain(pick: Pick) -> Arguments:
    symmetric, n, features = pick.one_of(False, True), pick.size(2, 3), pick.size(2, 3)
    keys = n if symmetric else n + pick.size(0, 2)
    options = {"temperature": pick.one_of(1.0, 0.5, 0.07), "eps": pick.one_of(1e-12, 2.1)}  # 2.1^2 is no sum of squares of GRAINs
    x = (pick.floats(rows, features, besides=(0.0,)) for rows in (n, keys))
    return tuple(x), {"symmetric": symmetric, **options, "reduction": pick.one_of(*REDUCTIONS)}
