"""A text to learn from, character by character: Genesis 1 to 25 in the translation of 1611 (texts/README.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from conformance.recipes.data import Array

GENESIS = Path(__file__).parent / "texts" / "genesis.txt"


@dataclass(frozen=True)
class Text:
    """A text as numbers.

    characters   all that occur, sorted. The number of a character is its place here
    train        the first nine tenths, integers (S,)
    test         the rest, integers (R,)
    """

    characters: str
    train: Array
    test: Array

    def encode(self, text: str) -> Array:
        """Characters -> numbers (S,). Raises ValueError for a character that the text does not have."""
        if unknown := sorted(set(text) - set(self.characters)):
            raise ValueError(f"text has {', '.join(map(repr, unknown))}; wanted characters among {self.characters!r}")
        return np.array([self.characters.index(c) for c in text], dtype=np.int64)

    def decode(self, tokens: Array) -> str:
        """The inverse."""
        return "".join(self.characters[t] for t in tokens)

    def batches(self, size: int, context: int) -> Iterator[tuple[Array, Array]]:
        """Tokens and labels, both (size, context), without an end. They are pieces from anywhere in the training text; a label
        is the character after its token. The order is always the same.
        """
        rng = np.random.default_rng(4)
        while True:
            starts = rng.integers(0, len(self.train) - context, size=size)
            pieces = self.train[starts[:, None] + np.arange(context + 1)]
            yield pieces[:, :-1], pieces[:, 1:]

    def unseen(self, context: int) -> tuple[Array, Array]:
        """The test text in pieces that follow each other: tokens and labels (N, context). The remainder is left out."""
        n = (len(self.test) - 1) // context
        return self.test[: n * context].reshape(n, context), self.test[1 : n * context + 1].reshape(n, context)


@cache
def genesis() -> Text:
    """78,040 characters to train on and 8,672 to test on."""
    text = GENESIS.read_text(encoding="ascii")
    characters = "".join(sorted(set(text)))
    tokens = np.array([characters.index(c) for c in text], dtype=np.int64)
    cut = len(tokens) * 9 // 10
    return Text(characters, tokens[:cut], tokens[cut:])
