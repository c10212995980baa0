"""What runs on the digits share: batches, test set, accuracy."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.data import Array, digits
from lessons.recipes.recipe import Batch


def accuracy(logits: Array, labels: Array) -> float:
    """Share of samples whose largest logit is the label's. logits (N, C), labels (N,)."""
    return float((logits.argmax(axis=-1) == labels).mean())


def digits_batches(size: int = 32) -> Iterator[Batch]:
    """Mini-batches of the training digits, endless: x (size, 64), labels (size,)."""
    return ({"x": x, "labels": labels} for x, labels in digits().batches(epochs=1_000_000, size=size))


def unseen_digits() -> tuple[Array, Array]:
    """The 360 digits that are not trained on."""
    return digits().x_test, digits().y_test


def rows_batches(size: int = 32) -> Iterator[Batch]:
    """The same as sequences: x (size, 8, 8), a row of pixels a step."""
    return ({**batch, "x": _rows(batch["x"])} for batch in digits_batches(size))


def unseen_rows() -> tuple[Array, Array]:
    """The digits that are not trained on, as sequences."""
    x, labels = unseen_digits()
    return _rows(x), labels


def _rows(x: Array) -> Array:
    return x.reshape(-1, 8, 8)
