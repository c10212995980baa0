"""The keys to which a query of an attention layer may attend: a boolean mask, the causal order, or both."""

import numpy as np

from ..case import Array, invalid
from ..domain import Pick


def hidden_keys(op: str, mask: Array | None, causal: bool, shape: tuple[int, ...]) -> Array | None:
    """True where a score of shape (..., L, S) is left out; None if no score is.

    mask    True where a query attends to a key; of a shape that broadcasts to that of the scores
    causal  query i attends to the keys 0 to i, counted from the first query and the first key

    Raises ValueError for a mask that is no array of bool or does not fit, and if a query has no key: the softmax of nothing is
    not defined.
    """
    visible = None
    if mask is not None:
        came = f"of dtype {mask.dtype}" if hasattr(mask, "dtype") else f"a {type(mask).__name__}"
        if not (hasattr(mask, "dtype") and mask.dtype.kind == "b"):
            raise invalid(op, "mask", came, "an array of bool, True where a query attends")
        fits = 2 <= mask.ndim <= len(shape) and all(n in (1, of) for n, of in zip(mask.shape[::-1], shape[::-1], strict=False))
        if not fits:
            raise invalid(op, "mask", f"of shape {mask.shape}", f"a shape that broadcasts to {shape}")
        visible = mask
    if causal:
        order = np.tri(shape[-2], shape[-1], dtype=np.bool_)
        visible = order if visible is None else visible & order
    if visible is None:
        return None
    blind = int((~visible.any(axis=-1)).sum())
    if blind != 0:
        raise invalid(op, "mask", f"hiding every key from {blind} queries", "at least one key for each query")
    hidden: Array = ~visible
    return hidden


def chosen_mask(pick: Pick, causal: bool, *shapes: tuple[int, ...]) -> Array | None:
    """For domains: no mask, or one of these shapes that leaves at least one key to each query."""
    shape = pick.one_of(None, *shapes)
    if shape is None:
        return None
    mask = pick.booleans(*shape)
    if causal:
        mask[..., 0] = True  # a key for every query
    mask |= ~mask.any(axis=-1, keepdims=True)
    return mask
