"""Mistakes in some places only: a single element, one side of a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import among, simple, told
from gradwitness.diagnosis.masks import masks, where
from gradwitness.diagnosis.patterns import digits
from gradwitness.diagnosis.shapes import to_shape
from gradwitness.diagnosis.whole import fitted

ITSELF = "itself"


def element(case: Case) -> Iterator[Repair]:
    """One element is wrong, and the rest is right."""
    if not case.fits or len(case.wrong) != 1 or case.array.size == 1:
        return
    (index,) = case.wrong
    came, (truth, bar) = case.claimed[index], case.elements[index]
    nearly, how = False, f"it should be {float(truth) if abs(truth) > bar else 0:.6g}"
    if came and abs(truth) > bar:
        ratio = float(came / truth)
        nearly = told(ratio) == "1"
        how = f"it is {f'1 {ratio - 1:+.2g}' if nearly else told(ratio)} times what is right"
    alone = np.zeros(case.array.shape)
    alone[index] = 1
    lacking = fitted(case, alone) or 0.0  # from the sharpest measurement: the truth of one element is known less well
    repaired = case.claimed + lacking * alone
    words = f"{case.name}{list(index)} alone is wrong: {'it is zero, and ' if came == 0 else ''}{how}. Every other element agrees"
    words += digits(case) if nearly else ""
    yield Repair(repaired, "element", words, 0 if len(case.elements) > 1 else 1)


def balanced(case: Case) -> Iterator[Repair]:
    """Rows must sum to zero, and one element of each, at a label, lacks what the others have."""
    for name, labels in case.known.items() if case.fits and case.array.ndim == 2 else ():
        rows, columns = case.array.shape
        if labels.dtype.kind in "iu" and labels.shape == (rows,) and labels.min() >= 0 and labels.max() < columns:
            rest = np.where(np.eye(columns, dtype=bool)[labels], -case.claimed.sum(axis=1, keepdims=True), 0)
            words = (
                f"Each row must sum to zero, for forward depends on differences along it: at {name} the sum of the other "
                "elements must be taken off. With that it agrees"
            )
            yield Repair(case.claimed + rest, "term", words)


def sides(case: Case) -> Iterator[Repair]:
    """On one side of a mask it is right, or a constant times something, on the other side as well: itself, the cotangent, 1."""
    if not case.fits or not case.elements:
        return
    materials: list[tuple[str, Array]] = [(ITSELF, case.claimed)]
    for name, dout in case.douts.items():
        materials += [(name, values) for values in to_shape(dout, case.array.shape)]
    materials.append(("1", np.ones(case.array.shape)))
    for mask, words in masks(case):
        there, elsewhere = _side(case, mask, materials), _side(case, ~mask, materials)
        if there is not None and elsewhere is not None and not (there.right and elsewhere.right) and _apart(there, elsewhere):
            yield Repair(np.where(mask, there.values, elsewhere.values), *_told(where(words), there, elsewhere), tries=200)


@dataclass(frozen=True)
class _Side:
    """What the truth is on one side of a mask: a constant times a material.

    right      what came is right there
    measured   elements that say so
    """

    values: Array
    constant: float
    material: str
    right: bool = False
    measured: int = 0

    @property
    def words(self) -> str:
        """Of a formula: "0", "1/2 * itself"."""
        if self.constant == 0 or self.material == "1":
            return told(self.constant) if self.constant else "0"
        times = {1.0: "", -1.0: "-"}.get(self.constant, f"{told(self.constant)} * ")
        return f"{times}{self.material}"


def _apart(there: _Side, elsewhere: _Side) -> bool:
    """Whether the sides differ, and neither is a number fitted to one element alone where the other is as well."""
    if there.words == elsewhere.words:
        return False
    fitted = [side for side in (there, elsewhere) if not side.right and side.constant != 0]
    return len(fitted) < 2 or all(side.measured > 1 for side in fitted)


def _told(place: str, there: _Side, elsewhere: _Side) -> tuple[str, str]:
    """The kind of mistake, and the words."""
    wrong = [side for side in (there, elsewhere) if not side.right]
    said = [f"{place} it should be {there.words}"] if not there.right else [f"it is right {place}"]
    said += [f"elsewhere it should be {elsewhere.words}"] if not elsewhere.right else []
    text = ", and ".join(said)
    if any(side.constant == 0 for side in wrong):
        return "mask", f"{text}: a mask is wrong or missing"
    if all(side.material == ITSELF for side in wrong):
        signs = all(side.constant == -1 for side in wrong)
        return ("sign", f"{text}: the sign is wrong there") if signs else ("constant factor", f"{text}: a factor is wrong there")
    return "mask", text


def _side(case: Case, mask: Array, materials: list[tuple[str, Array]]) -> _Side | None:
    there = {index: truth for index, truth in case.elements.items() if mask[index]}
    if not there or all(index not in case.wrong for index in there):
        return _Side(case.claimed, 1.0, ITSELF, right=True)
    if all(abs(truth) <= bar for truth, bar in there.values()):
        return _Side(np.zeros(case.array.shape), 0.0, "1")
    for name, values in materials:
        at = [index for index in there if values[index] != 0]
        if not at:
            continue
        best = max(at, key=lambda index: abs(float(there[index][0])) / max(there[index][1], 1e-300))
        constant = _known(float(there[best][0] / values[best]), case)
        if constant and all(abs(t - constant * values[i]) <= 4 * bar + 1e-9 * abs(t) for i, (t, bar) in there.items()):
            return _Side(constant * values, constant, name, measured=len(at))
    return None


def _known(number: float, case: Case) -> float | None:
    """The number, exactly, if it is a simple one or one that is known; else None: any two constants would do."""
    near = simple(number)
    if near is not None:
        return float(near)
    return number if among(abs(number), case.numbers) else None
