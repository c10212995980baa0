"""The inputs of the functions in this package: random, of four kinds."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Array = Any
Kind = Literal["ordinary", "saturated", "ill-conditioned", "uneven"]
KINDS: tuple[Kind, ...] = ("ordinary", "saturated", "ill-conditioned", "uneven")


class Numbers:
    """Random arrays of one kind.

    ordinary          normal numbers
    saturated         six times as large: tanh, sigmoid and softmax have hardly a slope there
    ill-conditioned   the rows of a matrix are almost the same; a vector has a large common part
    uneven            sizes of elements from 1e-4 to 1e2
    """

    def __init__(self, seed: int, kind: Kind) -> None:
        self.kind, self.rng = kind, np.random.default_rng(seed)

    def normal(self, *shape: int) -> Array:
        """Numbers of both signs."""
        plain = self.rng.normal(size=shape)
        if self.kind == "saturated":
            return 6 * plain
        if self.kind == "ill-conditioned":
            return plain[:1] + 1e-4 * self.rng.normal(size=shape) if len(shape) > 1 else 30 + plain
        if self.kind == "uneven":
            return plain * 10 ** self.rng.uniform(-4, 2, size=shape)
        return plain

    def weights(self, *shape: int) -> Array:
        """Numbers of both signs that stay moderate: the weights of a layer, whatever the kind of its inputs."""
        return self.rng.normal(size=shape) / np.sqrt(shape[0]) * (2 if self.kind == "saturated" else 1)

    def positive(self, *shape: int) -> Array:
        """Positive numbers."""
        spread = {"ordinary": 0.5, "saturated": 2.0, "ill-conditioned": 0.01, "uneven": 4.0}[self.kind]
        return np.exp(spread * self.rng.normal(size=shape))

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        """Numbers between two bounds."""
        return self.rng.uniform(low, high, size=shape)

    def spectrum(self, size: int) -> Array:
        """Positive numbers apart from each other: eigenvalues and singular values."""
        lowest = {"ordinary": 0.5, "saturated": 1e-2, "ill-conditioned": 1e-5, "uneven": 1e-3}[self.kind]
        return np.geomspace(lowest, 2.0, size) * self.rng.uniform(0.9, 1.1, size=size)

    def matrix(self, size: int) -> Array:
        """A square matrix with such singular values."""
        left, right = self.rotation(size), self.rotation(size)
        return left * self.spectrum(size) @ right

    def spd(self, size: int) -> Array:
        """A symmetric positive definite matrix with such eigenvalues."""
        vectors = self.rotation(size)
        return vectors * self.spectrum(size) @ vectors.T

    def rotation(self, size: int) -> Array:
        """A random orthogonal matrix."""
        return np.linalg.qr(self.rng.normal(size=(size, size)))[0]

    def labels(self, count: int, classes: int) -> Array:
        """Integers from 0 to classes - 1."""
        return self.rng.integers(classes, size=count)
