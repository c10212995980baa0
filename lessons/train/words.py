"""What `python -m lessons.train` says about its runs, in sentences. All of it is computed from the runs."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from conformance.recipes import RECIPES
from gradwitness.arrays import Array
from gradwitness.verdict import K
from lessons.columns import History
from lessons.script import listed
from lessons.train.comparison import SIGHT, Comparison, common


def apart(a: History, b: History) -> Array:
    """How far two runs' losses lie apart, step by step, as far as both went."""
    n = common(a, b)
    x, y = a.losses[:n].astype(np.float64), b.losses[:n].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0, np.abs(x - y))


def learning(comparison: Comparison) -> list[str]:
    """What the reference's run came to."""
    recipe, history, whole = comparison.recipe, comparison.history, RECIPES[comparison.name]
    before, after = (recipe.score(outputs, recipe.test()[1]) for outputs in (history.initial, history.final))
    steps = f"{history.steps} step{'' if history.steps == 1 else 's'}"
    text = [f"numpy's {recipe.metric}: {before:.4f} before training, {after:.4f} after {steps}."]
    bounds = {"at least": whole.at_least, "at most": whole.at_most}
    asked = " and ".join(f"{sense} {bound:g}" for sense, bound in bounds.items() if bound is not None)
    if asked and history.steps < whole.steps:
        text.append(f"After {whole.steps} steps it should be {asked}.")
    elif asked:
        text.append(f"It should be {asked}, and {'is' if recipe.reached(after) else 'is not'}.")
    return text


def definitions(comparison: Comparison) -> list[str]:
    """What frameworks define in another way than the reference, and what that does to losses and scores."""
    groups: dict[str, list[str]] = {}
    for name, own in comparison.own.items():
        groups.setdefault(str(own), []).append(name)
    text = []
    for words, names in groups.items():
        plain, theirs = comparison.history, comparison.truth(names[0])
        moves = {
            "losses": bool(apart(theirs, plain).any()),
            comparison.recipe.metric: comparison.score(theirs) != comparison.score(plain),
        }
        if not any(moves.values()):
            continue
        verb, whose = ("is", "its") if len(names) == 1 else ("are", "their")
        text.append(f"{listed(names)} {verb} compared with the reference under {whose} own definitions ({words}).")
        if moves[comparison.recipe.metric]:
            scores = f"{comparison.score(theirs):.4f} under them, {comparison.score(plain):.4f} without them"
            text.append(f"That is why the {comparison.recipe.metric} differs: the reference has {scores}.")
    return text


def agreement(comparison: Comparison) -> list[str]:
    """How far the columns lie apart, and what rounding explains."""
    runs, rounding = comparison.columns.runs, comparison.rounding
    text = []
    if pairs := list(combinations(runs.values(), 2)):
        text.append(f"Largest difference between the columns' losses: {max(float(apart(a, b).max()) for a, b in pairs):.1e}.")
    far = {name: apart(history, comparison.truth(name)) for name, history in comparison.columns.others.items()}
    if rounding is None:
        text += [f"{name} lies at most {float(distance.max()):.1e} from the reference." for name, distance in far.items()]
        return [*text, "What rounding alone does was not measured; --rounding measures it."] if pairs else []
    n, spread = comparison.reach, rounding.losses
    if not n:
        return [*text, "Rounding alone hides every loss."]
    text.append(f"Rounding alone moves the loss by {spread[0]:.1e} at the start and by up to {spread[n - 1]:.1e} along the way")
    text.append(f"(Monte Carlo arithmetic in {comparison.dtype}; {K:.0f} times that is allowed){':' if pairs else '.'}")
    if pairs:
        text.append("that does not explain it." if comparison.apart else "the columns agree within rounding.")
    text += [f"{name} lies {float(far[name][:n].max()):.1e} from the reference." for name in comparison.apart]
    if n < len(spread):
        text.append(f"From step {n} on rounding may move the loss by more than {SIGHT:.0%} of it, and nothing is compared.")
    return text


def witnesses(comparison: Comparison) -> list[str]:
    """What numerical differentiation, and the ops of frameworks that disagree, say of the ops on the path."""
    statement, names = comparison.statement, listed(comparison.apart)
    if statement is None:
        return []
    if statement.wrong is not None:
        return [f"{statement.wrong} That was found at the first step."]
    ops = ", ".join(name for name in statement.ops if name not in statement.unseen)
    text = [f"Numerical differentiation and {names} confirm every op on the path of the first step ({ops})."]
    if statement.unseen:
        text.append(f"Numerical differentiation cannot tell anything about {listed(statement.unseen)}.")
    if comparison.kinks_may_part:
        text.append(f"In {comparison.dtype} honest runs of this recipe may part: its functions have kinks, and rounding decides")
        text.append("on which side of one a value falls. python -m lessons.parting shows where.")
    else:
        text.append("Look at the update and at the model.")
    return text
