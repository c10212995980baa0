"""Products of known quantities, as formulas show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.constants import told
from gradwitness.diagnosis.quantities import Quantity


@dataclass(frozen=True)
class Entry:
    """A function of a quantity, by the words of a formula. plain: the quantity itself."""

    words: str
    quantity: Quantity
    function: Callable[[Array], Array]
    slope: str = ""

    def values(self) -> Array:
        """In the gradient's shape."""
        with np.errstate(all="ignore"):
            return np.asarray(self.function(self.quantity.values), np.longdouble)


@dataclass(frozen=True)
class Product:
    """constant * entries, each to the power 1 or -1."""

    constant: float
    entries: tuple[tuple[Entry, int], ...]
    tries: float
    sign_of: Quantity | None = None

    def values(self) -> Array:
        """In the gradient's shape."""
        total: Array = np.asarray(np.longdouble(self.constant))
        with np.errstate(all="ignore"):
            for entry, power in self.entries:
                total = total * entry.values() if power == 1 else total / entry.values()
            return np.asarray(total if self.sign_of is None else total * np.sign(self.sign_of.values))

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The simplest first."""
        plain = abs(self.constant * 24 - round(self.constant * 24)) < 1e-6
        words = sum(len(entry.words) for entry, _ in self.entries)
        return len(self.entries) + (self.sign_of is not None), not plain, words


def formula(product: Product) -> str:
    """In words: "2 * a / b"."""
    above = [entry.words for entry, power in product.entries if power == 1]
    below = [entry.words for entry, power in product.entries if power == -1]
    if product.sign_of is not None:
        above.append(f"sign({product.sign_of.words})")
    if product.constant != 1 or not above:
        above.insert(0, told(product.constant))
    text = " * ".join(above)
    if text.startswith("-1 * "):
        text = "-" + text[5:]
    return text + "".join(f" / {each}" for each in below)
