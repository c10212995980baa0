"""The GPT on Genesis, character by character."""

import numpy as np

from lessons.data import Array
from lessons.recipes.recipe import Recipe
from lessons.text import genesis
from reference.losses import cross_entropy
from reference.models import gpt

CONTEXT = 32


def loss_per_character(logits: Array, labels: Array) -> float:
    """Mean cross entropy in nats. logits (N, T, V), labels (N, T)."""
    loss, _ = cross_entropy.forward(logits.reshape(-1, logits.shape[-1]), labels=labels.reshape(-1))
    return float(loss)


RECIPE = Recipe(
    model="gpt",
    start=lambda: (gpt.init(np.random.default_rng(0), len(genesis().characters), CONTEXT, width=32, depth=2), {}),
    data=lambda: ({"tokens": tokens, "labels": labels} for tokens, labels in genesis().batches(16, CONTEXT)),
    optimizer="adam",
    hyper={"lr": 0.0078125, "beta1": 0.875, "beta2": 0.9921875, "eps": 2.0**-20},
    steps=260,
    test=lambda: genesis().unseen(CONTEXT),
    evaluate=gpt.predict,
    score=loss_per_character,
    metric="loss per character of unseen text",
    at_most=2.2,
    config={"heads": 8},
)
