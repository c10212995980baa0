"""The random choices of a network, from one generator."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from gradwitness.arrays import Array

T = TypeVar("T")


class Dice:
    """Choices from a seed: the same ones whatever else has been drawn."""

    def __init__(self, *seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def size(self, low: int = 2, high: int = 5) -> int:
        """low <= size <= high."""
        return int(self.rng.integers(low, high + 1))

    def one_of(self, *options: T) -> T:
        """One of the options, each as likely as the others."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        """True so often."""
        return bool(self.rng.random() < probability)

    def divisor(self, number: int) -> int:
        """One that divides number: of channels into groups."""
        return self.one_of(*(i for i in range(1, number + 1) if number % i == 0))

    def normals(self, *shape: int, scale: float = 1.0) -> Array:
        """Normal numbers: inputs, biases, targets."""
        return np.asarray(scale * self.rng.normal(size=shape))

    def weight(self, *shape: int, fan_in: int) -> Array:
        """Normal numbers that keep a layer's output at the scale of its input."""
        return self.normals(*shape, scale=fan_in**-0.5)

    def positive(self, *shape: int) -> Array:
        """Numbers from 0.5 to 2: scales, variances."""
        return self.rng.uniform(0.5, 2, size=shape)

    def booleans(self, *shape: int, share: float = 0.5) -> Array:
        """True for about this share."""
        return np.asarray(self.rng.random(size=shape) < share)

    def integers(self, *shape: int, below: int) -> Array:
        """0 <= i < below: labels, tokens."""
        return self.rng.integers(below, size=shape)

    def signs(self, *shape: int) -> Array:
        """-1.0 and 1.0: labels of the hinge losses."""
        return np.where(self.booleans(*shape), 1.0, -1.0)

    def distribution(self, *shape: int) -> Array:
        """Rows that sum to one, without zeros: soft labels."""
        p: Any = self.rng.uniform(0.2, 1, size=shape)
        return np.asarray(p / p.sum(axis=-1, keepdims=True))
