"""What the XOR lesson says about its runs, in sentences. All of it is computed from the runs."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from gradwitness.verdict import K
from lessons.columns import History
from lessons.script import listed
from lessons.xor.experiment import SIGHT, Experiment, distance
from lessons.xor.setting import dead, learned, right
from reference.models.two_layer import XOR_X

UNDECIDED = {"bce": ("ln 2 = 0.693147", math.log(2)), "mse": ("0.25", 0.25)}
"""The loss of answering 0.5 to all four points, in words and as a number."""
POINTS = [f"({a:.0f}, {b:.0f})" for a, b in XOR_X]


def agreement(experiment: Experiment) -> list[str]:
    """How far the columns lie apart, and what explains it."""
    runs, spread, apart = experiment.columns.runs, experiment.spread, experiment.apart
    pairs = list(combinations(runs.values(), 2))
    if not pairs:
        return []
    text = [f"Largest difference between the columns: {max(distance(a, b) for a, b in pairs):.1e}."]
    if spread is None:
        return text
    text.append(f"Rounding alone moves these numbers by about {spread:.1e}")
    allowed = f"(Monte Carlo arithmetic; {K:.0f} times that is allowed)"
    if not K * spread <= SIGHT:
        text.append(f"{allowed}, which hides whether the columns agree.")
    else:
        text.append(f"{allowed}: {'that does not explain it.' if apart else 'the columns agree within rounding.'}")
    for name, history in apart.items():
        text.append(f"{name} lies {distance(history, experiment.history):.1e} from numpy.")
        if experiment.rounded is not None and experiment.keeps_rate_in_float32(history):
            rate, far = experiment.setting.in_float32().rate, distance(history, experiment.rounded)
            text.append(f"It keeps the rate in float32, {rate!r}: from NumPy with that rate it lies {far:.1e}.")
    return text


def witnesses(experiment: Experiment) -> list[str]:
    """What numerical differentiation, and the ops of frameworks that disagree, say of the ops on the path."""
    if not experiment.statements:
        return []
    if experiment.wrong is not None:
        epoch = next(epoch for epoch, statement in experiment.statements.items() if statement is experiment.wrong)
        return [f"{experiment.wrong.wrong} That was found at epoch {epoch}."]
    statements = list(experiment.statements.values())
    unseen = {name for statement in statements for name in statement.unseen}
    ops = ", ".join(name for name in statements[0].ops if name not in unseen)
    epochs = listed([str(epoch) for epoch in experiment.statements])
    text = [
        "No framework confirms these gradients. Numerical differentiation looked at the ops on the path",
        f"({ops}), with the values of epoch{'s' if len(statements) > 1 else ''} {epochs},",
    ]
    if all(statement.network for statement in statements):
        text.append("and at the gradient of the whole network,")
    text.append("and finds them right.")
    if generic := sorted({name for statement in statements for name in statement.generic}):
        text.append(
            f"Where these values tell nothing (the gradient is zero, or kinks meet), it took a generic case: {listed(generic)}."
        )
    if unseen:
        text.append(f"It cannot tell anything about {listed(sorted(unseen))}.")
    if experiment.unexplained:
        text.append(f"In {listed(experiment.unexplained)} each of these ops computes the same. Look at the update and the model.")
    return text


def verdict(experiment: Experiment) -> list[str]:
    """What became of the reference's run."""
    setting, history = experiment.setting, experiment.history
    first, last = history.losses[[0, -1]]
    epochs = f"{history.steps} epoch{'' if history.steps == 1 else 's'}"
    text = [f"With {setting} and seed {setting.seed} the network {outcome(history)} XOR in {epochs}:"]
    if learned(history):
        nearest = min(history.final.ravel(), key=lambda p: abs(p - 0.5))
        text.append(f"all four predictions are on the right side of 0.5, the least certain at {nearest:.4f}.")
    else:
        wrong = [point for point, hit in zip(POINTS, right(history), strict=True) if not hit]
        text.append(f"not on the right side of 0.5 for {', '.join(wrong)}.")
    cost, undecided = UNDECIDED[setting.loss]
    if not learned(history) and undecided <= last < first:
        text.append(f"The loss sinks from {first:.6f} to {last:.6f}, toward {cost}, the cost of answering 0.5 to everything;")
        text.append(f"all predictions lie within {np.abs(history.final - 0.5).max():.2g} of 0.5.")
    else:
        text.append(f"The loss went from {first:.6f} to {last:.6f}; answering 0.5 to everything costs {cost}.")
    return [*text, *_causes(experiment)]


def _causes(experiment: Experiment) -> list[str]:
    """Why the network did not learn, as far as the run shows it."""
    setting, history = experiment.setting, experiment.history
    if learned(history) or not history.steps or not setting.rate or experiment.failed:
        return []
    text = []
    before, after = dead(setting.recipe.start()[0]), dead(history.weights[0])
    if experiment.rate_is_to_blame:
        text.append(f"The rate is the cause: a short enough step against the gradient lowers the loss, and at {setting.rate:g}")
        text.append("the steps are too long.")
    if after:
        text.append(f"Dead hidden units: {after} of {setting.hidden} ({before} at the start). They give 0 for all four points,")
        text.append("and no gradient reaches their weights.")
    if experiment.agreed:
        others = ", ".join(experiment.columns.others)
        text.append(f"Every gradient along the way is right, and {others} found the same:")
    elif experiment.statements:
        text.append("Every gradient that was looked at is right:")
    else:
        return text
    return [*text, "correct gradients are necessary, not sufficient."]


def outcome(history: History) -> str:
    """Whether the network learned, as a verb."""
    return "learned" if learned(history) else "did not learn"
