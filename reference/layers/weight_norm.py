"""Weight normalisation: a weight is a length times a direction, and both are learned.

    w = g v / |v|

with one length g_c and one norm |v|_c = sqrt(sum v^2) for each index c of `axis`, the sum over all other axes.

Derivation.  With u = v / |v|, dw/dg = u; and d|v|/dv = u gives du/dv = (1 - u u^T) / |v|, so the part of dw along u is removed:

    dg = sum u * dw        dv = g / |v| * (dw - u dg)

v's gradient is orthogonal to v: a step of gradient descent can only lengthen it.

Shapes: v, w any with axis, g (v.shape[axis],).
Source: Salimans and Kingma, "Weight normalization", NeurIPS 2016. axis is the output axis: 0, the default, of PyTorch's weights,
-1 of `linear` here. flax adds an epsilon under the root. Without one v = 0 has no direction: nan in PyTorch, ValueError here.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

Cache = tuple[Array, Array, tuple[int, ...]]


def forward(v: Array, g: Array, /, *, axis: int = 0) -> tuple[Array, Cache]:
    """w = g v / |v|, norms over all axes but one. v (...), g (v.shape[axis],) -> w in the shape of v.

    Raises ValueError where the dtypes or shapes do not fit, for an axis that v does not have, and for a v of norm zero.
    """
    require_floats("weight_norm", v=v, g=g)
    if not -v.ndim <= axis < v.ndim:
        raise invalid("weight_norm", "axis", axis, f"an axis of v, whose shape is {v.shape}")
    if g.shape != (v.shape[axis],):
        raise invalid("weight_norm", "g", f"of shape {g.shape}", f"({v.shape[axis]},)")
    others = tuple(i for i in range(v.ndim) if i != axis % v.ndim)
    norm = np.sqrt((v * v).sum(axis=others, keepdims=True))
    if not bool((norm > 0).all()):
        raise invalid("weight_norm", "v", "zero along the other axes", "a direction: a norm above 0")
    u = v / norm
    length = g.reshape(norm.shape)
    return u * length, (u, length / norm, others)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout in the shape of v -> dv, dg."""
    u, scale, others = cache
    dg = (u * dout).sum(axis=others, keepdims=True)
    return scale * (dout - u * dg), dg.reshape(-1)


def domain(pick: Pick) -> Arguments:
    shape = list(any_shape(pick, 2))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[(axis + 1) % len(shape)] += 1  # on another axis: a direction of one entry has no gradient
    return (pick.distinct(*shape), pick.floats(shape[axis], besides=(0.0,))), {"axis": axis}


def _inputs(*shape: int, axis: int = 0) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.normal(size=shape[axis]))


CASES = [
    Case("generic", _inputs(4, 5)),
    Case("one", _inputs(1, 1), zero=("v",)),
    Case("linear", _inputs(4, 5, axis=-1), {"axis": -1}),
    Case("convolution", _inputs(4, 3, 3, 2)),
    Case("middle_axis", _inputs(2, 3, 5, axis=1), {"axis": 1}),
    Case("large", _inputs(64, 128)),
    Case("small_norm", lambda rng: (1e-8 * rng.normal(size=(4, 5)), rng.normal(size=4))),
]
