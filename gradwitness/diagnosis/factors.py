"""A factor that is missing, one too many, or another one: truth / got is a product of known quantities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.diagnosis import looking
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.formula import Entry, Product, formula
from gradwitness.diagnosis.looking import Look, Samples
from gradwitness.diagnosis.shapes import to_shape


def known_factors(case: Case) -> Iterator[Repair]:
    """One known array is a factor that is missing, or one too many."""
    if not case.fits:
        return
    known = {**case.douts, **case.known, case.name.removeprefix("d"): case.array}
    for name, array in known.items():
        if array.ndim == 0 or array.dtype.kind not in "fiub":
            continue
        kind = "cotangent" if name in case.douts else "factor"
        for factor in to_shape(np.asarray(array, np.longdouble), case.array.shape):
            for sign, spelled in ((1, name), (-1, f"-{name}")):
                used = f". The cotangent {name} is not used" if name in case.douts else ""
                words = f"Multiplied by {spelled} it agrees: that factor is missing{used}"
                yield Repair(sign * case.claimed * factor, kind, words)
                if (factor != 0).all():
                    used = f". The cotangent {name} is used twice" if name in case.douts else ""
                    words = f"Divided by {spelled} it agrees: that factor is one too many{used}"
                    yield Repair(sign * case.claimed / factor, kind, words)


def factors(case: Case, look: Look) -> Iterator[Repair]:
    """A product of functions of known arrays; where some elements are right, within masks that say which."""
    if not case.fits:
        return
    for mask, where in look.within():
        samples = Samples()
        for index in case.wrong:
            truth, bar = case.elements[index]
            if mask[index]:
                samples.add(index, truth, case.claimed[index], bar)
        for product in look.products(samples):
            start = np.where(mask, 0, case.claimed)
            factored = np.where(mask & (case.claimed != 0), case.claimed * product.values(), 0)
            repaired = start + looking.adjusted(case, product, factored, start)
            yield Repair(repaired, *_told(case, product, where), looking.fitted(product), product.tries)


def _along(right: Entry, wrong: Entry) -> str:
    """The axes along which a factor varies, and those along which it should."""
    kept, other = [
        [axis for axis, length in enumerate(each.shape) if length > 1 and np.ptp(each, axis).any()]
        for each in (right.values(), wrong.values())
    ]
    return f"it varies along {_axes(other)}, where {_axes(kept)} is right"


def _axes(numbers: list[int]) -> str:
    return f"axis {numbers[0]}" if len(numbers) == 1 else f"axes {', '.join(map(str, numbers))}"


def _told(case: Case, product: Product, where: str) -> tuple[str, str]:
    """The kind of mistake, and the words."""
    above = [entry for entry, power in product.entries if power == 1]
    below = [entry for entry, power in product.entries if power == -1]
    text = f"{where}multiplied by {formula(product)} it agrees"
    if product.constant == 1 and product.sign_of is None:
        if len(above) == 1 and not below:
            text += ": that factor is missing"
        elif len(below) == 1 and not above:
            text = f"{where}divided by {below[0].words} it agrees: that factor is one too many"
        elif len(above) == len(below) == 1 and above[0].words == below[0].words:
            text = f"{where}the factor {above[0].words} is spread along another axis: {_along(above[0], below[0])}"
        elif len(above) == len(below) == 1:
            text += f": {below[0].words} stands where {above[0].words} is right"
    cotangents = {entry.words for entry in (*above, *below)} & set(case.douts)
    if cotangents and len(product.entries) == 1:
        return "cotangent", f"{text}. The cotangent {cotangents.pop()} is {'not used' if above else 'used twice'}"
    return ("derivative" if any(entry.slope for entry in (*above, *below)) else "factor"), text
