"""Mistakes in some places only: single elements, rows, one side of a mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import told
from gradwitness.diagnosis.masks import masks
from gradwitness.diagnosis.shapes import to_shape

FEW = 3
"""Single elements that are repaired at most."""


def element(case: Case) -> Iterator[Repair]:
    """One element is wrong, and the rest is right."""
    if len(case.wrong) == 1:
        yield from elements(case)


def elements(case: Case) -> Iterator[Repair]:
    """A few elements are wrong, and the rest is right."""
    wrong = sorted(case.wrong)
    if not case.fits or not 1 <= len(wrong) <= FEW or len(wrong) == case.array.size:
        return
    repaired = case.claimed.copy()
    for index in wrong:
        repaired[index] = case.elements[index][0]
    index = wrong[0]
    came, truth = case.claimed[index], case.elements[index][0]
    where = ", ".join(f"{case.name}{list(i)}" for i in wrong)
    how = "it is zero" if came == 0 else f"it should be {float(truth):.6g}"
    if came and truth:
        how = f"it is {told(float(came / truth))} times what is right"
    many = "alone is wrong" if len(wrong) == 1 else "alone are wrong. At the first"
    yield Repair(
        repaired,
        "element",
        f"{where} {many}{':' if len(wrong) == 1 else ''} {how}. Every other element agrees",
        0 if len(wrong) < len(case.elements) else len(wrong),
    )


def sides(case: Case) -> Iterator[Repair]:
    """On one side of a mask it is a constant times something, on the other side as well: zero, itself or the cotangent."""
    if not case.fits or not case.elements:
        return
    materials: list[tuple[str, Array]] = [("itself", case.claimed)]
    for name, dout in case.douts.items():
        materials += [(name, np.broadcast_to(values, case.array.shape)) for values in to_shape(dout, case.array.shape)]
    materials.append(("1", np.ones(case.array.shape)))
    for mask, words in masks(case):
        inside, outside = _side(case, mask, materials), _side(case, ~mask, materials)
        if inside is None or outside is None:
            continue
        (a, there, fitted_there, right_there), (b, elsewhere, fitted_else, right_else) = inside, outside
        if right_there and right_else:
            continue
        said = [f"where {words} it should be {there}"] if not right_there else []
        said += [f"elsewhere it should be {elsewhere}"] if not right_else else []
        if len(said) == 1 and right_there:
            said = [f"it is right where {words}, and {said[0]}"]
        sentence = " and ".join(said)
        yield Repair(
            np.where(mask, a, b),
            "mask",
            f"{sentence[0].upper()}{sentence[1:]}: a mask is wrong or missing",
            fitted_there + fitted_else,
        )


def _side(case: Case, mask: Array, materials: list[tuple[str, Array]]) -> tuple[Array, str, int, bool] | None:
    """What the truth is on one side of a mask: values, words, how many numbers were fitted, whether what came is right."""
    there = {index: truth for index, truth in case.elements.items() if mask[index]}
    if not there or all(index not in case.wrong for index in there):
        return case.claimed, "as it is", 0, True
    if all(abs(truth) <= bar for truth, bar in there.values()):
        return np.zeros(case.array.shape), "0", 0, False
    for name, values in materials:
        at = [index for index in there if values[index] != 0]
        if not at:
            continue
        best = max(at, key=lambda index: abs(float(there[index][0])) / max(there[index][1], 1e-300))
        ratio = float(there[best][0] / values[best])
        if all(abs(truth - ratio * values[index]) <= 4 * bar + 1e-9 * abs(truth) for index, (truth, bar) in there.items()):
            exact = round(ratio) if abs(ratio - round(ratio)) < 1e-7 and round(ratio) else ratio
            times = {"1": "", "-1": "-"}.get(told(exact), f"{told(exact)} times ")
            return exact * values, f"{times}{name}" if name != "1" else told(exact), int(exact != round(exact)), False
    return None
