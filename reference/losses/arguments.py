"""The checks of the arguments of losses, and the samplers of their cases.

A sampler of labels has its own generator, because labels are attributes of a case, which are made before its inputs are drawn.
"""

from typing import Any

import numpy as np

from ..case import Array, Inputs, away_from, invalid, require_floats
from ..domain import GRAIN, Pick


def require_like(op: str, **arguments: Array) -> None:
    """Check that arguments are floats of one dtype and one shape, those of the first.

    Raises ValueError if they are not: broadcasting a target by accident is a common mistake.
    """
    require_floats(op, **arguments)
    (first, model), *others = arguments.items()
    for name, value in others:
        if value.shape != model.shape:
            raise invalid(op, name, f"of shape {value.shape}", f"{model.shape}, the shape of {first}")


def require_class_labels(op: str, labels: Array, n: int, classes: int, ignore_index: int | None = None) -> Array:
    """Check that labels (N,) are integers in [0, C) or equal to ignore_index; return which rows are kept, (N,) of bool.

    Raises ValueError where they are not.
    """
    if labels.shape != (n,):
        raise invalid(op, "labels", f"of shape {labels.shape}", f"({n},)")
    if labels.dtype.kind not in "iu":
        raise invalid(op, "labels", f"of dtype {labels.dtype}", "integers")
    kept: Array = np.ones(n, bool) if ignore_index is None else labels != ignore_index
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= classes:  # rarely, and finding out which costs far more
        outside = labels[kept & ((labels < 0) | (labels >= classes))]
        wanted = f"0 to {classes - 1}" + (f" or {ignore_index}" if ignore_index is not None else "")
        if outside.size != 0:
            raise invalid(op, "labels", f"{outside[:3].tolist()} among others", wanted)
    return kept


def require_signs(op: str, labels: Array) -> None:
    """Check that labels are -1 and 1, as floats, so that they can be factors.

    Raises ValueError if they are not: labels of 0 and 1 are a common mistake.
    """
    others = labels[np.abs(labels) != 1]
    if others.size != 0:
        raise invalid(op, "labels", f"{others[:3].tolist()} among others", "-1 or 1")


def normals(*shape: int, arrays: int = 2) -> Inputs:
    """Standard normal arrays of one shape."""
    return lambda rng: tuple(rng.normal(size=shape) for _ in range(arrays))


def unequal(*shape: int) -> Inputs:
    """Two normal arrays whose elements differ everywhere: the absolute error has its kink where they are equal."""

    def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
        target = rng.normal(size=shape)
        return target + away_from((0.0,), rng, *shape), target

    return inputs


def logits(*shape: int) -> Inputs:
    """Normal numbers of standard deviation 2."""
    return lambda rng: (2 * rng.normal(size=shape),)


def log_probabilities(n: int, classes: int) -> Inputs:
    """The logarithms of n distributions over classes."""
    return lambda rng: (np.log(rng.dirichlet(np.ones(classes), size=n)),)


def zeros_and_ones(*shape: int) -> Array:
    """Binary labels in no regular order, as floats."""
    return np.random.default_rng(0).integers(0, 2, size=shape).astype(float)


def class_labels(n: int, classes: int) -> Array:
    """Labels of classes in no regular order."""
    return np.random.default_rng(0).integers(0, classes, size=n)


def signs(*shape: int) -> Array:
    """Labels -1 and 1 in no regular order, half of them each, as floats."""
    drawn = np.random.default_rng(0).permutation(int(np.prod(shape)))
    return np.where(drawn % 2, -1.0, 1.0).reshape(shape)


def any_labels(pick: Pick, *shape: int) -> Array:
    """Binary labels, or soft ones, as floats."""
    return pick.floats(*shape, low=0, high=1) if pick.one_of(False, True) else pick.booleans(*shape).astype(float)


def any_signs(pick: Pick, *shape: int) -> Array:
    """Labels -1 and 1, as floats."""
    return np.where(pick.booleans(*shape), -1.0, 1.0)


def some_ignored(pick: Pick, n: int, classes: int) -> dict[str, Any]:
    """The arguments labels, ignore_index and weight. The first label is never ignored, any other may be."""
    ignored = pick.one_of(-100, 0) if classes > 1 else -100
    labels = np.where(pick.booleans(n), ignored, pick.integers(n, low=0, high=classes))
    labels[0] = classes - 1
    weight = {"weight": pick.floats(classes, low=GRAIN)} if pick.one_of(False, True) else {}
    return {"labels": labels, "ignore_index": ignored, **weight}
