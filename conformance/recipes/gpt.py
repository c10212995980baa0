"""The GPT on the text of Genesis, character by character."""

import math

import numpy as np

from conformance.recipes.data import Array
from conformance.recipes.recipe import TINY, Params, Recipe
from conformance.recipes.text import genesis
from reference.activations import softmax
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
    hyper={"lr": 2.0**-7, "beta1": 0.875, "beta2": 0.9921875, "eps": TINY},
    steps=220,
    judged={"float64": 10, "float32": 100},
    test=lambda: genesis().unseen(CONTEXT),
    evaluate=gpt.predict,
    score=loss_per_character,
    metric="loss per character of unseen text",
    at_most=2.2,
    config={"heads": 8},
    sample=lambda params, _state: generate(params, "And God ", 200, np.random.default_rng(0), temperature=0.75),
)


def generate(params: Params, prompt: str, n: int, rng: np.random.Generator, *, temperature: float = 1.0) -> str:
    """The prompt and n more characters.

    The network sees the last CONTEXT characters. The next one is drawn from softmax(logits / temperature): the lower the
    temperature, the more often it is the likeliest.

    Raises ValueError for an empty prompt, a character that the text does not have, n below 0, or a temperature that is not a
    finite number above 0.
    """
    if not prompt:
        raise ValueError("prompt is empty; wanted at least one character")
    if n < 0:
        raise ValueError(f"n is {n}; wanted 0 or more")
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature is {temperature}; wanted a finite number above 0")
    tokens = list(genesis().encode(prompt))
    for _ in range(n):
        logits = gpt.predict(params, np.array([tokens[-CONTEXT:]]), **RECIPE.config)[0, -1]
        p, _ = softmax.forward(logits / temperature, axis=-1)
        tokens.append(rng.choice(len(p), p=p.astype(np.float64) / p.sum(dtype=np.float64)))
    return genesis().decode(np.array(tokens))
