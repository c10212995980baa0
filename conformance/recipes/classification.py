"""What training runs on the digits share: batches, test set, accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from conformance.recipes.data import Array, digits
from conformance.recipes.recipe import Batch


def accuracy(logits: Array, labels: Array) -> float:
    """Share of samples whose largest logit is the label's. logits (N, C), labels (N,)."""
    return float((logits.argmax(axis=-1) == labels).mean())


def digits_batches(size: int = 32, shape: tuple[int, ...] = (64,)) -> Iterator[Batch]:
    """Mini-batches of the training digits, endless: x (size, *shape), labels (size,)."""
    return ({"x": x.reshape(-1, *shape), "labels": labels} for x, labels in digits().batches(epochs=1_000_000, size=size))


def unseen_digits(shape: tuple[int, ...] = (64,)) -> tuple[Array, Array]:
    """The 360 digits of the test set: x (360, *shape), labels (360,)."""
    return digits().x_test.reshape(-1, *shape), digits().y_test


IMAGE = (1, 8, 8)
"""One channel of eight rows."""
ROWS = (8, 8)
"""A sequence of eight rows of pixels, one a step."""

image_batches = partial(digits_batches, shape=IMAGE)
unseen_images = partial(unseen_digits, IMAGE)
rows_batches = partial(digits_batches, shape=ROWS)
unseen_rows = partial(unseen_digits, ROWS)
