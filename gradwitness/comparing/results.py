"""A finding for each output and each gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.blame import about_gradients, about_values, exact_values, told
from gradwitness.comparing.conventions import convention
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.scale import Scale
from gradwitness.comparing.verdicts import Result, same_bits
from gradwitness.report.findings import Finding
from gradwitness.verdict import k_of

MAGNIFIED = 2.0**20
"""How much farther float64 must lie away where roundings are not watched: no honest function loses more."""
SAME, WITHIN = "Same to the bit", "Within rounding"


def results(runs: Runs, outs: list[str]) -> Iterator[Finding]:
    """Each output and gradient."""
    abouts = list(outs)
    if runs.gradients:
        sets = [set(runs.values[side.name]) for side in runs.judged if side.differentiates]
        if sets:  # functions of NumPy have values alone
            abouts += [f"d{name}" for name in runs.sides[0].leaves if all(f"d{name}" in found for found in sets)]
    found = {a: {s.name: v for s in runs.judged if (v := runs.values[s.name].get(a)) is not None} for a in abouts}
    differ = runs.reference is not None or any(len(v) > 1 and not same_bits(v) for v in found.values())
    scale = runs.scale() if differ else None
    if isinstance(scale, Finding):
        yield scale
        return
    wrong_values = False
    missing = []
    for about in abouts:
        finding = None
        if about in outs or _missing(runs, about, found[about]) is None:
            finding = _result(runs, about, found[about], scale, about in outs, wrong_values)
        elif len(found[about]):
            finding = _missing(runs, about, found[about])
        else:
            missing.append(about)
        if finding is not None:
            wrong_values |= about in outs and finding.verdict == "wrong"
            yield finding
    yield from _nothing(runs, missing, [a for a in abouts if a not in outs], found)


def _missing(runs: Runs, about: str, found: Mapping[str, Array]) -> Finding | None:
    """A gradient that one framework gives and another does not."""
    able = [side.name for side in runs.judged if side.differentiates]
    without = [name for name in able if name not in found]
    if not without:
        return None
    moved = [name for name, value in found.items() if value.any()]
    if not moved:
        return Finding(about, "right", f"Zero; {' and '.join(without)} give none", of=1) if found else Finding(about, "note", "")
    who = " and ".join(without)
    return Finding(about, "wrong", f"{who} gives none, {' and '.join(moved)} gives one that is not zero: it is cut off the graph")


def _nothing(runs: Runs, missing: list[str], all_: list[str], found: Mapping[str, Mapping[str, Array]]) -> Iterator[Finding]:
    """Gradients that nobody gives, or that are zero everywhere."""
    able = [side.name for side in runs.judged if side.differentiates]
    if not runs.gradients or not able or not all_:
        return
    alive = [about for about in all_ if any(value.any() for value in found[about].values())]
    if alive:
        for about in missing:
            yield Finding(about, "note", "No function gives a gradient for it")
        return
    kinds = "no function gives any" if len(missing) == len(all_) else "every one is zero"
    cure = "Where values are all that you compare, say gradients=False" if missing else "Take another point"
    yield Finding("gradients", "cannot tell", f"Nothing was moved: {kinds}. {cure}")


def _result(
    runs: Runs, about: str, values: Mapping[str, Array], scale: Scale | None, is_out: bool, wrong_values: bool
) -> Finding | None:
    size = next(iter(values.values())).size
    if runs.reference is None and same_bits(values):
        if len(values) < 2:
            return None
        proves = "" if is_out or any(v.any() for v in values.values()) else ". All zero: this point proves little"
        return Finding(about, "right", f"{SAME}{proves}", of=size)
    if scale is None or about not in scale.measured:
        return Finding(about, "cannot tell", "They differ, and what rounding may do to it is not known")
    exact = exact_values(runs.exact, about)
    result = Result(about, values, scale.measured[about], exact, runs.width)
    if result.lost and not result.beyond:
        result = _steadier(runs, result)
    beyond = [name for name in result.beyond if not runs.explains(name, about)]
    if beyond:
        return _beyond(runs, result, scale, is_out, wrong_values)
    return _within(runs, result)


def _within(runs: Runs, result: Result) -> Finding:
    """All of them lie within rounding: that of the truth, or their own."""
    about, size = result.about, result.size
    if result.lost and not result.beyond and not runs.is_zero(about):
        noise = float(np.max(result.expected.spread, initial=0))
        message = f"Ill-conditioned here, nobody can tell: rounding alone moves it by {noise:.2g}"
        return Finding(about, "cannot tell", f"{message}. Try another point, or a wider dtype", of=size)
    if not result.beyond and (result.zero or result.lost):
        return Finding(about, "right", f"{WITHIN}, which is all there is: the truth is zero", of=size)
    own = f". {' and '.join(result.beyond)}: its own rounding, which is larger, explains it" if result.beyond else ""
    sight = next((finding.sight for finding in result.judged.values() if finding.verdict == "right"), float("nan"))
    return Finding(about, "right", f"{WITHIN}: {result.distances}{own}{_hidden(runs, result)}", of=size, sight=sight)


def _beyond(runs: Runs, result: Result, scale: Scale, is_out: bool, wrong_values: bool) -> Finding:
    """One of them at least is further from the truth than rounding explains."""
    if not scale.watched and not _apart(runs, result):
        message = f"They differ by more than moved inputs explain ({result.distances}). What is rounded inside is not known"
        cure = "Add the same in plain operations, as one more function"
        return Finding(result.about, "cannot tell", f"{message}: {'; '.join(scale.why)}. {cure}", of=result.size)
    if is_out:
        blame = about_values(result, runs.reference, runs.loses)
        finding = told(result, blame, runs.sides[0].leaves)
        cause = convention(runs, result, finding.explanation) if finding.verdict == "wrong" else ""
        return replace(finding, explanation=cause) if cause else finding
    blame = about_gradients(result, runs.reference, not wrong_values, runs.derivative, runs.loses)
    return told(result, blame, runs.sides[0].leaves)


def _steadier(runs: Runs, result: Result) -> Result:
    """Where rounding leaves no digit of one function: judged by another one, which keeps some; else as it was."""
    for side in runs.judged:
        own = runs.own(side.name).get(result.about)
        other = result if own is None else replace(result, expected=own)
        if not other.lost:
            return other
    return result


def _hidden(runs: Runs, result: Result) -> str:
    """What a narrow dtype hides: functions that are not the same in float64."""
    if runs.width.name == "float64":
        return ""
    hidden = {name: result.differs(name, np.asarray(result.expected.spread)) for name in result.values}
    shown = [f"{name} by {distance:.2g}" for name, distance in hidden.items() if distance > 0]
    return f". {runs.width.name} hides that {', '.join(shown)} is another function in float64" if shown else ""


def _apart(runs: Runs, result: Result) -> bool:
    """Whether functions whose roundings are not watched are different ones, by so much that no rounding explains it."""
    factor = MAGNIFIED if runs.width.name == "float64" else 1.0
    allowance = factor * k_of(runs.width.name) * np.asarray(result.expected.spread)
    return any(result.differs(name, allowance) > 0 for name in result.beyond)
