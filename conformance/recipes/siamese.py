"""The siamese network on triplets of digits: an anchor, another image of the same digit (the positive), and one of another digit.

The positive is nearer than the negative in 88 % of all triplets of the test set when distances are those of pixels, and in 71 %
when they are those of the embedding before the first step. Runs are compared step by step in float64 alone, because relus and
margins have kinks: see `conformance.recipes.resnet`.
"""

from collections.abc import Iterator

import numpy as np

from conformance.recipes.classification import unseen_digits
from conformance.recipes.data import Array, digits
from conformance.recipes.recipe import Batch, Recipe
from reference.models import siamese

SIZE = 32


def _data() -> Iterator[Batch]:
    rng, x, labels = np.random.default_rng(5), digits().x_train, digits().y_train
    rows = np.arange(len(labels))
    while True:
        anchors = rng.integers(len(labels), size=SIZE)
        positives = [rng.choice(rows[(labels == labels[i]) & (rows != i)]) for i in anchors]
        negatives = [rng.choice(rows[labels != labels[i]]) for i in anchors]
        yield {"x": x[np.stack([anchors, positives, negatives])]}


def ranked(embeddings: Array, labels: Array) -> float:
    """Share of all triplets in which the positive is nearer than the negative. embeddings (N, E), labels (N,)."""
    right = total = 0
    for i, anchor in enumerate(embeddings):
        distances = np.square(embeddings - anchor).sum(axis=1)
        same, other = labels == labels[i], labels != labels[i]
        same[i] = False
        right += int(np.searchsorted(np.sort(distances[same]), distances[other]).sum())  # positives nearer than each negative
        total += int(same.sum() * other.sum())
    return right / total


RECIPE = Recipe(
    model="siamese",
    start=lambda: (siamese.init(np.random.default_rng(0), 64, 32, 8), {}),
    data=_data,
    optimizer="sgd",
    hyper={"lr": 0.25},
    steps=300,
    judged={"float64": 100},
    test=unseen_digits,
    evaluate=siamese.predict,
    score=ranked,
    metric="share of test triplets whose positive is nearer",
    at_least=0.95,
    config={"margin": 4.0},
)
