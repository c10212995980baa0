"""Embedding: the row of a table for each index.

    y_n = weight_{i_n},    and 0 where i_n is padding_idx

Derivation.  y is linear in the table: a product with one-hot rows. The transpose adds each dout_n to the row of its index, once
for each time that the index occurs:

    dweight_v = sum_n dout_n [i_n = v],    and 0 for v = padding_idx

Shapes: indices (...) of integers in [0, V), weight (V, E), y (..., E).
Source: Bengio et al., "A neural probabilistic language model", JMLR 3, 2003. padding_idx is PyTorch's: nn.Embedding starts its
row at zero and never gives it a gradient, so that the row stays zero; here it counts as zero whatever it holds, which makes
"no gradient" the mathematics. Keras masks instead (mask_zero), and does train row 0.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

Cache = tuple[tuple[int, ...], Array, int | None]


def forward(weight: Array, /, *, indices: Array, padding_idx: int | None = None) -> tuple[Array, Cache]:
    """y = weight[indices], zero at padding_idx. weight (V, E), indices (...) -> y (..., E).

    Raises ValueError where weight is not an array of floats of shape (V, E), indices are not integers, or an index or padding_idx
    is outside of [0, V).
    """
    require_floats("embedding", weight=weight)
    if weight.ndim != 2:
        raise invalid("embedding", "weight", f"of shape {weight.shape}", "(V, E)")
    came = f"of dtype {indices.dtype}" if hasattr(indices, "dtype") else f"a {type(indices).__name__}"
    if not (hasattr(indices, "dtype") and indices.dtype.kind in "iu"):
        raise invalid("embedding", "indices", came, "an array of integers")
    rows = len(weight)
    outside = indices[(indices < 0) | (indices >= rows)]
    if outside.size != 0:
        raise invalid("embedding", "indices", f"{outside[:3].tolist()} among others", f"0 to {rows - 1}")
    if not (padding_idx is None or 0 <= padding_idx < rows):
        raise invalid("embedding", "padding_idx", padding_idx, f"0 to {rows - 1}")
    y = weight[indices]
    if padding_idx is not None:
        y[indices == padding_idx] = 0
    return y, (weight.shape, indices, padding_idx)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (..., E) -> dweight (V, E)."""
    shape, indices, padding_idx = cache
    dweight = np.zeros_like(dout, shape=shape, order="C")  # in the order of another dout, reshape below would be a copy
    # Element by element: np.add.at is three times as fast on one axis as on rows.
    width = shape[1]
    elements = indices.reshape(-1, 1).astype(np.intp) * width + np.arange(width)
    np.add.at(dweight.reshape(-1), elements.reshape(-1), dout.reshape(-1))
    if padding_idx is not None:
        dweight[padding_idx] = 0
    return (dweight,)


def domain(pick: Pick) -> Arguments:
    rows, shape = pick.size(1, 5), any_shape(pick, 0, 2)
    indices, padding_idx = pick.integers(*shape, low=0, high=rows), pick.one_of(None, *range(rows))
    weight = pick.floats(rows, pick.size())
    if padding_idx is not None:
        weight[padding_idx] = 0  # PyTorch returns the row whatever it holds
    return (weight,), {"indices": indices, "padding_idx": padding_idx}


def _table(rows: int, width: int, *, zero: int | None = None) -> Inputs:
    def inputs(rng: np.random.Generator) -> tuple[Array]:
        weight = rng.normal(size=(rows, width))
        if zero is not None:
            weight[zero] = 0  # as PyTorch initialises its row of padding, and leaves it
        return (weight,)

    return inputs


_INDICES = np.array([[3, 0, 6], [0, 3, 3]])

CASES = [
    Case("generic", _table(7, 4), {"indices": _INDICES}),
    Case("one", _table(1, 1), {"indices": np.array([0])}),
    Case("scalar", _table(7, 4), {"indices": np.array(2)}),
    Case("all_the_same", _table(7, 4), {"indices": np.full(6, 5)}),
    Case("padding", _table(7, 4, zero=0), {"indices": _INDICES, "padding_idx": 0}),
    Case("int32", _table(7, 4), {"indices": _INDICES.astype("int32")}),
    Case("large", _table(97, 33), {"indices": np.random.default_rng(0).integers(0, 97, size=(8, 32))}),
]
