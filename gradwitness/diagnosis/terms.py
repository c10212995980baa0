"""A term that is missing, or has another factor or sign: truth - got is a product of known quantities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combined

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis import looking
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import simple, told
from gradwitness.diagnosis.formula import formula
from gradwitness.diagnosis.looking import Look, Samples
from gradwitness.diagnosis.shapes import to_shape
from gradwitness.diagnosis.whole import ALONE, fitted


def known_terms(case: Case) -> Iterator[Repair]:
    """A multiple of one known quantity: ones, an input, an out, the cotangent, another gradient."""
    if not case.fits:
        return
    own = case.name.removeprefix("d")
    others = {name: value for name, (value, _) in case.others.items()}
    for name, array in {"1": np.ones(()), own: case.array, **case.douts, **case.known, **others}.items():
        scalars = {n: float(d.reshape(())) for n, d in case.douts.items() if d.size == 1 and n != name}
        factor, behind = next(((value, f" * {n}") for n, value in scalars.items()), (1.0, ""))  # of a loss: every term has it
        for term in to_shape(np.asarray(array, np.longdouble) * factor, case.array.shape) if array.dtype.kind in "fiub" else ():
            constant = fitted(case, term)
            exact = simple(constant) if constant else None
            few = exact is not None and max(abs(exact.numerator), exact.denominator) <= ALONE
            if constant and (case.array.size > 1 or few):
                kind, words = _told(_times(float(exact) if exact else constant, name) + behind, "")
                if name == own:
                    words += f". The gradient of a penalty on {own} is missing, or has another factor"
                yield Repair(case.claimed + (float(exact) if exact else constant) * term, kind, words, 0 if exact else 1)


def terms(case: Case, look: Look) -> Iterator[Repair]:
    """A product of functions of known arrays, of the cotangent and such, or of what came and such."""
    multiples = bases(case)
    for mask, where in look.within():
        for sign, (name, base) in combined((1, -1) if case.fits else (1,), multiples):
            if sign == -1 and name == CAME:
                continue
            samples = Samples()
            for index in case.wrong:
                truth, bar = case.elements[index]
                if mask[index]:
                    samples.add(index, truth - sign * case.claimed[index], base[index], bar)
            start = np.where(mask, sign * case.claimed, case.claimed)
            term = np.where(mask, base, 0)
            constant = fitted(case, term, start) if samples.at and name != CAME else None
            if constant:
                yield Repair(start + constant * term, *_told(_times(constant, name), where, sign), 1)
            for product in look.products(samples):
                lacking = np.where(mask & (base != 0), base * product.values(), 0)
                adjusted = looking.adjusted(case, product, lacking, start)
                words = formula(product) + (f" * {name}" if name else "")
                yield Repair(start + adjusted, *_told(words, where, sign), looking.fitted(product), product.tries)


def formulas(case: Case, look: Look) -> Iterator[Repair]:
    """The truth itself is a product of known quantities; and if what came is another, both are told."""
    truths, came = Samples(), Samples()
    for index, (truth, bar) in case.elements.items():
        if case.claimed[index] != 0:
            truths.add(index, truth, 1, bar)
            came.add(index, case.claimed[index], 1, 0)
    wrong = next(look.products(came), None) if len(came.at) > 2 else None
    for product in look.products(truths) if len(truths.at) > 2 else ():
        right = formula(product)
        slopes = [entry.slope for entry, _ in product.entries if entry.slope]
        if slopes:
            kind, words = "derivative", f"The derivative is wrong: {right} is right"
        elif wrong is None:
            kind, words = "formula", f"{right} agrees"
        elif formula(wrong) == right:
            continue
        else:
            kind, words = "factor", f"It is {formula(wrong)}, where {right} is right"
        yield Repair(product.values(), kind, words, looking.fitted(product), product.tries)


CAME = "what came"


def bases(case: Case, *, came: bool = True) -> list[tuple[str, Array]]:
    """What a term is a multiple of."""
    of_a_loss = any(dout.size == 1 for dout in case.douts.values())  # every term of its gradient has the cotangent
    found: list[tuple[str, Array]] = [] if of_a_loss else [("", np.ones(case.array.shape))]
    found += [(name, d) for name, dout in case.douts.items() for d in to_shape(dout, case.array.shape)]
    return [*found, (CAME, case.claimed)] if case.fits and came else found


def _times(constant: float, name: str) -> str:
    if name in ("", "1"):
        return told(constant)
    return {1.0: name, -1.0: f"-{name}"}.get(constant, f"{told(constant)} * {name}")


def _told(text: str, where: str, sign: int = 1) -> tuple[str, str]:
    """The kind of mistake, and the words."""
    if sign == -1:
        return "term", f"{where}{text} less what came agrees: a term has the wrong sign"
    came = f"got - truth = {text[1:] if text.startswith('-') else f'-{text}'}"
    return "term", f"{where}with {text} added it agrees ({came}): a term is missing or has the wrong factor"
