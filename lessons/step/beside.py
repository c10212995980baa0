"""The same gradients in a framework, and what the engine says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

import adapters
from conformance.threads import limit_framework
from gradwitness.arrays import Array
from gradwitness.derivative.kinks import nearest
from gradwitness.evidence import Evidence
from gradwitness.frameworks import Unavailable, spec_of
from gradwitness.subjects.pair import tree_map
from gradwitness.verdict import Disagreement
from lessons.step.lines import Place
from lessons.step.network import LOSS, Setting


@dataclass
class Beside:
    """Frameworks beside the hand-written backward.

    gradients   framework -> parameter, or "x" -> its gradient, in the layout of the reference
    distances   framework -> how far it is from the truth at most, in units of rounding
    wrong       framework -> what differs by more than rounding
    missing     framework -> why it has no column
    """

    gradients: dict[str, dict[str, Array]] = field(default_factory=dict)
    distances: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, Disagreement] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def at(self, framework: str, place: Place) -> float:
        """One number of a framework."""
        name, index = place
        return float(self.gradients[framework][name][index])


def beside(setting: Setting, frameworks: Sequence[str]) -> Beside:
    """Differentiate the network in each of these frameworks, in float64, and let the engine judge loss and gradients."""
    found = Beside()
    evidence = None
    for name in frameworks:
        try:
            loss, gradients = _differentiated(setting, name)
        except Unavailable as reason:
            found.missing[name] = str(reason)
            continue
        found.gradients[name] = gradients
        evidence = evidence or evidence_of(setting)
        params = {key: gradients[key] for key in setting.params}
        results = [loss, *evidence.subject.align((params, gradients["x"]))]
        found.distances[name] = max(evidence.distances(results).values())
        try:
            evidence.judge(results)
        except Disagreement as difference:
            found.wrong[name] = difference
    return found


def evidence_of(setting: Setting) -> Evidence:
    """The exact loss and gradients, and how far rounding may move each of them."""
    subject = setting.subject
    return Evidence.of(replace(subject, kink=nearest(subject, np.float64).within_rounding), np.float64)


def _differentiated(setting: Setting, name: str) -> tuple[Array, dict[str, Array]]:
    """The loss, and the gradient of every parameter and of x, by a framework's automatic differentiation."""
    adapter = adapters.load(name)
    if reason := adapter.missing("models", "two_layer"):
        raise Unavailable(reason)
    limit_framework(name, 1)
    put, get = partial(adapter.framework.from_numpy, device="cpu"), adapter.framework.to_numpy
    model = adapter.models["two_layer"].from_reference(setting.params, {}, device="cpu", loss=LOSS[setting.loss])
    batch = tree_map(put, {"x": setting.x, "labels": setting.label})
    loss, dparams, dx, _ = adapter.gradients(model, spec_of(name).customary)(batch, put(np.array(1.0)))
    return get(loss), {**adapter.named(dparams, model), "x": get(dx)}
