"""Who says that a gradient is right? Numerical differentiation, and a framework's op, at the very values of a network's path.

`examine` asks them about every op that the network's forward calls, in order, and names the first that one of them contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

import adapters
from conformance.loops import Params
from conformance.recipes import Recipe
from conformance.recipes.recipe import Batch
from conformance.run import op_results, subject
from gradwitness.derivative.kinks import nearest
from gradwitness.derivative.oracle import Vacuous, check_subject
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.subjects.pair import Subject, leaves
from gradwitness.verdict import Disagreement
from lessons.path import Call, current, network_of, path_of
from reference import Op

NUMERICAL = "numerical differentiation"
ONE_BY_ONE = 1000
"""At a kink elements are differentiated one by one. A point of more elements is left out there: it would take minutes."""


@dataclass(frozen=True)
class Wrong:
    """The first op on a path that a witness contradicts.

    name      the op; or the model, where every op is right and the gradient of the whole network is not
    place     which of how many ops on the path it is, from 1; None for the model
    witness   who contradicts it: numerical differentiation, or a framework
    found     which result differs, and by how much
    generic   whether that is at the generic case, because the path's own values tell nothing
    """

    name: str
    place: tuple[int, int] | None
    witness: str
    found: Disagreement
    generic: bool = False

    def __str__(self) -> str:
        if self.place is None:
            what = f"Every op on the path is right, but the backward of {self.name} is wrong"
        else:
            what = "The first wrong op on the path is {}, op {} of {}".format(self.name, *self.place)
        where = " (at a generic case)" if self.generic else ""
        return f"{what}, says {self.witness}{where}: {self._difference()}."

    def _difference(self) -> str:
        found = self.found
        if found.reason:
            return f"{found.gradient}: {found.reason}"
        index = f"[{', '.join(map(str, found.index))}]" if found.index else ""
        truth = f"{found.low:.6g}" if found.low == found.high else f"between {found.low:.6g} and {found.high:.6g}"
        if self.witness == NUMERICAL:
            return f"{found.gradient}{index} is {found.actual:.6g}, but the derivative of its forward is {truth}"
        return f"{found.gradient}{index} is {truth} in numpy, but {found.actual:.6g} in {self.witness}"


@dataclass(frozen=True)
class Statement:
    """What witnesses say of a path.

    ops      the names of the ops on it, each once
    generic  those, and the model, that are confirmed at their generic case, because the path's own values tell nothing
    unseen   those about which numerical differentiation cannot tell anything
    network  whether it confirms the gradient of the whole network
    wrong    the first that is wrong; None if there is none
    """

    ops: list[str]
    generic: list[str]
    unseen: list[str]
    network: bool = False
    wrong: Wrong | None = None


def examine(
    recipe: Recipe, weights: tuple[Params, Params], batch: Batch, frameworks: Sequence[str] = (), *, network: bool = False
) -> Statement:
    """Look at every op on the path of a network, in float64, until one is wrong.

    frameworks   whose ops are asked besides numerical differentiation
    network      whether numerical differentiation looks at the gradient of the whole network, too

    Where a point on the path tells nothing (the gradient is zero there, or kinks meet), the generic case is looked at instead.
    """
    calls = [call for call in path_of(recipe, weights, batch) if call.depth == 0]
    ops = list(dict.fromkeys(call.name for call in calls))
    seen: dict[str, set[int | None]] = {name: set() for name in ops}
    for number, call in enumerate(calls, start=1):
        place, op = (number, len(calls)), current(call.name)
        point, found = _confirmed(chain([call.subject], _generic(op)), elementwise=op.family == "activations")
        if found:
            return Statement(ops, [], [], wrong=Wrong(call.name, place, NUMERICAL, found, bool(point)))
        seen[op.name].add(point)
        for framework in frameworks:
            try:
                _compare(call, framework)
            except Disagreement as other:
                return Statement(ops, [], [], wrong=Wrong(call.name, place, framework, other))
    whole = None
    if network:
        whole, found = _confirmed(chain([network_of(recipe, weights, batch)], _generic(recipe.op, recipe.config)))
        if found:
            return Statement(ops, [], [], wrong=Wrong(recipe.model, None, NUMERICAL, found, bool(whole)))
    generic = [name for name, points in ({**seen, recipe.model: {whole}}).items() if 1 in points]
    unseen = [name for name, points in seen.items() if None in points]
    return Statement(ops, generic, unseen, whole is not None)


def _confirmed(points: Iterable[Subject], *, elementwise: bool = False) -> tuple[int | None, Disagreement | None]:
    """Which of these points tells anything about the gradient, the first that does; and how it is contradicted there, if it is.

    At a kink a gradient is a set. It is known where each element has a kink of its own: elementwise. Elsewhere the point tells
    nothing, for kinks that meet allow more than the interval between the derivatives from both sides.
    """
    for number, at in enumerate(map(_with_kink, points)):
        if at.kink and (not elementwise or sum(leaf.size for leaf in leaves(at.inputs)) > ONE_BY_ONE):
            continue
        try:
            check_subject(at)
        except (Vacuous, Unstable):  # the gradient is zero there, or rounding hides it
            continue
        except Disagreement as found:
            if not found.reason and np.isnan(found.low):  # the forward overflows around the point: it has no derivative there
                continue
            return number, found
        return number, None
    return None, None


def _with_kink(at: Subject) -> Subject:
    """The point, declared a kink where rounding can turn a decision of its forward."""
    return replace(at, kink=nearest(at, np.float64).within_rounding)


def _generic(op: Op, config: Mapping[str, Any] | None = None) -> Iterator[Subject]:
    """The generic case of an op or model, made when it is asked for."""
    at = subject(op, op.cases[0])
    yield replace(at, static={**at.static, **(config or {})})


def _compare(call: Call, framework: str) -> None:
    """Hold a framework's op against the reference's. Raises Disagreement. An op that the framework lacks says nothing."""
    if adapters.load(framework).missing("ops", call.name):
        return
    try:
        evidence = Evidence.of(_with_kink(call.subject), np.float64)
    except Unstable:
        return
    evidence.judge(op_results(evidence, call.name, framework))
