"""Which of the functions is wrong, where they differ by more than rounding: the exact values and the derivative say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.verdicts import Result
from gradwitness.diagnosis.constants import recognised, simple
from gradwitness.functions.result import compared
from gradwitness.report.findings import Finding, element
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.projection import projection

COMMON = 4
"""Numbers up to this are the length of something in most functions, whatever the factor comes from."""
NEARLY = 2.0**-18
"""Relative: how far a factor may be off beside an epsilon, or where a function keeps float32 inside."""
Loses = Callable[[str, str], bool]
"""(function, result) -> whether its own rounding explains how far it is from the truth."""
Derivatives = Callable[[str, str], Finding | None]
"""(function, gradient) -> what `check_function` finds about it: whether it is the derivative of the function's own values."""


@dataclass(frozen=True)
class Blame:
    """Who is wrong about one result.

    wrong   the functions to blame; all of them where nobody knows who is right
    truth   what is right, from a function that is not to blame
    why     a sentence
    kink    whether each is a member of the gradient, so that there is no one truth
    mended  what explains the gradients that are not derivatives, perhaps with lines of source
    """

    wrong: Sequence[str]
    truth: Array
    why: str
    kink: bool = False
    mended: Sequence[str] = ()


def about_values(result: Result, reference: str | None, loses: Loses) -> Blame:
    """About an output."""
    truth = np.asarray(result.expected.truth)
    beyond = result.beyond
    if all(result.alike(name, truth) or loses(name, result.about) for name in beyond):
        who = f"{_is(beyond, 'It computes', 'They compute')} the same function"
        return Blame(beyond, truth, f"{who} in a way that loses digits in {result.width.name}")
    if reference is not None:
        return Blame(beyond, truth, "That is by the reference")
    groups = _groups(result)
    largest = max(groups, key=len)
    if sum(len(group) == len(largest) for group in groups) == 1 and len(largest) > 1:
        odd = [name for name in result.values if name not in largest]
        exact = truth if any(name not in beyond for name in largest) else result.exact[largest[0]]
        return Blame(
            odd, exact, f"{' and '.join(largest)} agree, and {' and '.join(odd)} {_is(odd, 'is', 'are')} the odd one out"
        )
    return Blame(
        [],
        truth,
        "These are different functions, in float64 too: the definition must say which one is meant. Give one as reference",
    )


def about_gradients(result: Result, reference: str | None, same_values: bool, derivatives: Derivatives, loses: Loses) -> Blame:
    """About a gradient. The derivative of each function's own values tells who is right."""
    truth = np.asarray(result.expected.truth)
    if not same_values:
        return Blame([], truth, "The values differ, and so do their derivatives")
    found = {name: derivatives(name, result.about) for name in result.values}
    false = [name for name, finding in found.items() if finding is not None and finding.verdict == "wrong"]
    rightful = [name for name, finding in found.items() if finding is not None and finding.verdict in ("right", "kink")]
    explained = {n: f.explanation for n, f in found.items() if n in false and f is not None and f.explanation}
    if false:
        exact = next((result.exact[name] for name in rightful if name in result.exact), truth)
        others = f"; that of {' and '.join(rightful)} is" if rightful else ""
        why = f"By differences of its values, the gradient of {' and '.join(false)} is not their derivative{others}"
        several = len(false) > 1
        return Blame(false, exact, why, mended=[f"{n}: {said}" if several else said for n, said in explained.items()])
    if any(finding is not None and finding.verdict == "kink" for finding in found.values()):
        return Blame([], truth, "Each is a member of the set that the gradient is there", kink=True)
    return _by_rounding(result, truth, reference, rightful, loses)


def _by_rounding(result: Result, truth: Array, reference: str | None, rightful: Sequence[str], loses: Loses) -> Blame:
    """About a gradient where none is false as far as differences tell.

    rightful   the functions whose gradient is the derivative of their own values
    """
    if all(result.alike(name, truth) or loses(name, result.about) for name in result.beyond):
        return Blame(result.beyond, truth, f"It is computed in a way that loses digits in {result.width.name}")
    apart = [name for name in result.beyond if not result.alike(name, truth)]
    if result.width.name != "float64" and set(apart) <= result.exact.keys() & {*rightful}:
        why = "In float64 each is the derivative of its own values: these are different functions"
        cure = "Give one as reference" if reference is None else "The reference is right"
        return Blame(apart if reference else [], truth, f"{why}, and {result.width.name} hides it in the values. {cure}")
    return Blame(result.beyond, truth, f"In float64 each is the derivative of its own values; in {result.width.name} it is not")


def told(result: Result, blame: Blame, known: Mapping[str, Array]) -> Finding:
    """The finding, with the worst element of the first one to blame.

    known   the inputs, whose lengths may explain a factor
    """
    culprit = (blame.wrong or result.beyond)[0]
    expected = Measured(blame.truth, result.expected.spread, result.expected.projection)
    finding = compared(result.about, result.values[culprit], expected, result.width)
    if finding.verdict == "right":  # to blame by its derivative, and close to a truth that is no better
        finding = replace(finding, wrong=finding.of)
    if blame.kink:
        return _at_a_kink(result, finding, blame.why)
    who = f"{' and '.join(blame.wrong)} {_is(blame.wrong, 'is', 'are')} wrong" if blame.wrong else "They differ"
    shape = result.values[culprit].shape
    shapes = "" if shape == blame.truth.shape else f" Its shape is {shape}; wanted {blame.truth.shape}."
    message = "\n".join([f"{who}: {result.distances}. {blame.why}.{shapes}", *blame.mended])
    return replace(
        finding, verdict="wrong", message=message, explanation=finding.explanation or _factor(result, culprit, expected, known)
    )


def _at_a_kink(result: Result, finding: Finding, why: str) -> Finding:
    """The finding where functions pick different members: there is no truth to be off from."""
    at, picked = element(result.about, finding.index), result.picked(finding.index)
    message = f"They differ at a kink: at {at}, under the random cotangent, {picked}. {why}"
    return replace(finding, verdict="wrong", message=message, got=None, truth=None, distance=np.nan, allowance=np.nan)


def _factor(result: Result, name: str, expected: Measured, known: Mapping[str, Array]) -> str:
    """One number that explains a difference; and what it is, where float64 shows enough of its digits."""
    value, truth = result.values[name], np.asarray(expected.truth)
    if value.shape != truth.shape:
        return ""
    factor = projection(value, truth)
    if not np.isfinite(factor) or factor == 0 or compared(result.about, value, expected, result.width).verdict == "right":
        return ""
    scaled = compared(
        result.about, value, replace(expected, truth=factor * truth, spread=abs(factor) * expected.spread), result.width
    )
    if scaled.verdict != "right":
        return ""
    others = [value for other, value in result.exact.items() if other not in result.beyond and value.shape == truth.shape]
    exact = projection(result.exact[name], others[0]) if others and name in result.exact else factor
    near = simple(abs(exact))
    common = near is not None and max(near.numerator, near.denominator) <= COMMON
    meaning = "" if common else recognised(abs(exact), known) or recognised(abs(exact), known, NEARLY)
    return f"{name} gives {factor:.6g} times as much" + (f": {meaning}" if meaning else "")


def _groups(result: Result) -> list[list[str]]:
    """Functions that are alike in float64, in groups."""
    groups: list[list[str]] = []
    for name in result.exact:
        group = next((g for g in groups if result.alike(name, result.exact[g[0]])), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups or [[]]


def _is(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def exact_values(runs: Mapping[str, Mapping[str, Array | None]], about: str) -> dict[str, Array]:
    """What each function returns in float64 for one result."""
    return {name: value for name, run in runs.items() if (value := run.get(about)) is not None}
