"""Kinds of matrices that a function may be meant for: symmetric or Hermitian ones, and triangular ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradwitness.arrays import Array, unit_roundoff

DIGITS = 1 / 2
"""Of the digits of its dtype: a matrix that is symmetric to so many of them was made so, as A @ A.T is, and rounded."""


@dataclass(frozen=True)
class Kind:
    """One kind of matrices.

    name     of such matrices, and of complex ones; empty where there are none
    project  the part of a matrix, or of each of a batch, that is of this kind
    unread   parts of which such a function may leave one unread
    exact    whether a matrix of this kind keeps to it in spite of rounding
    """

    name: str
    name_of_complex: str
    project: Callable[[Array], Array]
    unread: tuple[Callable[[Array], Array], ...]
    exact: bool

    def called(self, pairs: bool) -> str:
        """The name."""
        return self.name_of_complex if pairs else self.name

    def part(self, array: Array, pairs: bool) -> Array:
        """The part of an array that is of this kind. pairs: the array holds complex numbers, as pairs of real ones."""
        return _over_pairs(self.project, array, pairs)

    def holds(self, array: Array, pairs: bool) -> bool:
        """Whether an array is a matrix of this kind, or a batch of them."""
        shape = array.shape[:-1] if pairs else array.shape
        if not self.called(pairs) or len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2:
            return False
        with np.errstate(invalid="ignore"):
            apart = np.abs(array - self.part(array, pairs))
            room = 0.0 if self.exact else float(unit_roundoff(array.dtype) ** DIGITS * np.max(np.abs(array)))
        return bool((apart <= room).all())

    def halves(self, array: Array, pairs: bool) -> Iterator[Array]:
        """The parts of an array that may be left unread."""
        for half in self.unread:
            yield _over_pairs(half, array, pairs)


def kinds_of(array: Array, pairs: bool) -> list[Kind]:
    """The kinds that an array is of."""
    return [kind for kind in KINDS if kind.holds(array, pairs)]


def _over_pairs(function: Callable[[Array], Array], array: Array, pairs: bool) -> Array:
    """A function of matrices, of real or complex numbers; complex ones come and go as pairs."""
    if not pairs:
        return function(array)
    found = function(array[..., 0] + 1j * array[..., 1])
    return np.stack([found.real, found.imag], -1)


def _symmetric_part(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.swapaxes(-1, -2).conj()) / 2)


def _factor(triangle: Callable[[Array], Array], matrix: Array) -> Array:
    """The triangle with a real diagonal, as Cholesky factors have it."""
    return np.where(np.eye(matrix.shape[-1], dtype=bool), matrix.real, triangle(matrix))


_ABOVE, _BELOW = partial(np.triu, k=1), partial(np.tril, k=-1)
SYMMETRIC = Kind("symmetric", "Hermitian", _symmetric_part, (_ABOVE, _BELOW), exact=False)
_LOWER, _UPPER, _FACTOR = "lower triangular", "upper triangular", "{} (with a real diagonal)"
TRIANGULAR = (
    Kind(_LOWER, _LOWER, np.tril, (_ABOVE,), exact=True),
    Kind(_UPPER, _UPPER, np.triu, (_BELOW,), exact=True),
    Kind("", _FACTOR.format(_LOWER), partial(_factor, np.tril), (_ABOVE,), exact=True),
    Kind("", _FACTOR.format(_UPPER), partial(_factor, np.triu), (_BELOW,), exact=True),
)
KINDS = (SYMMETRIC, *TRIANGULAR)
