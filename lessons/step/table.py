"""All that `python -m lessons.step` prints, if it asks for nothing."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console

from gradwitness.verdict import K
from lessons.script import listed
from lessons.step.beside import Beside
from lessons.step.groups import groups
from lessons.step.lines import Group, Line, number, shape
from lessons.step.network import LABEL, Setting, Values

GRAD = {"torch": ".grad", "tensorflow": "GradientTape", "jax": "jax.grad"}
"""Framework -> where its users find a gradient."""


def given(setting: Setting) -> list[str]:
    """The point, the parameters and the rate that everything is calculated from."""
    params, many = setting.params, "" if setting.hidden == 1 else "s"
    count = sum(value.size for value in params.values())
    network = f"A network with 2 inputs, {setting.hidden} hidden unit{many} and 1 output: {count} parameters."
    return [
        f"{network} One step of gradient descent on one point, with the rate {number(setting.rate)}.",
        "",
        f"  x  = {shape(setting.x[0])}   the inputs",
        f"  t  = {number(LABEL)}        what is wanted",
        f"  W1 = {shape(params['hidden.weight'])}",
        f"  b1 = {shape(params['hidden.bias'])}",
        f"  W2 = {shape(params['output.weight'][:, 0])}",
        f"  b2 = {number(params['output.bias'].item())}",
        "",
        "dz is short for dL/dz, the derivative of the loss with respect to z. Numbers are rounded when they are shown:",
        "to 4 digits after the point inside a line, and to 6 digits at its end. The calculation itself is not rounded.",
    ]


def show(setting: Setting, values: Values, others: Beside, console: Console) -> None:
    """Print the step line by line, and the frameworks' gradients beside the gradients of the parameters."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True)

    for line in given(setting):
        say(line)
    for part, members in groupby(groups(setting, values), key=lambda group: group.part):
        say(f"\n{part}")
        for group in members:
            say(f"\n  {group.formula}      [{group.rule}]")
            for text in rows(group, others):
                say(f"    {text}")
    say()
    for paragraph in (agreement(others), outcome(setting, values)):
        if paragraph:
            console.print(" ".join(paragraph), end="\n\n")


def rows(group: Group, others: Beside) -> list[str]:
    """The lines of a group as text: name, numbers and value one below the other, and the frameworks' numbers to the right."""
    lines = group.lines
    name, numbers, value = (max(map(len, column)) for column in zip(*map(_cells, lines), strict=True))
    texts = []
    for line in lines:
        cells = _cells(line)
        text = f"{cells[0]:{name}} = {cells[1]:{numbers}} = {cells[2]:{value}}"
        if line.place is not None:
            text += "".join(
                f"   {framework} {GRAD.get(framework, 'gradient')} {number(others.at(framework, line.place), 6)}"
                for framework in others.gradients
            )
        texts.append(text.rstrip())
    return texts


def _cells(line: Line) -> tuple[str, str, str]:
    return line.name, line.numbers, number(line.value, 6)


def agreement(others: Beside) -> list[str]:
    """What the engine says of the frameworks' gradients."""
    text = [f"No column for {name}: {reason}." for name, reason in others.missing.items()]
    right = [name for name in others.gradients if name not in others.wrong]
    if right:
        far = max(others.distances[name] for name in right)
        text.append(
            f"{listed(right)} and the backward pass above have the same gradients: they lie at most {far:.2g} units apart."
        )
        text.append(
            f"A unit is what rounding alone does to that number, measured by Monte Carlo arithmetic; {K:.0f} are allowed."
        )
    text += [f"{name} differs by more than rounding: {difference}" for name, difference in others.wrong.items()]
    return text


def outcome(setting: Setting, values: Values) -> list[str]:
    """What the update did to the loss, and which hidden units it passed by."""
    text = []
    if silent := [str(j + 1) for j in range(setting.hidden) if values.h[j] <= 0]:
        many = len(silent) > 1
        text.append(
            f"Hidden unit{'s' if many else ''} {listed(silent)} give{'' if many else 's'} 0 here: the derivative of relu is 0,"
        )
        text.append(f"no gradient reaches {'their' if many else 'its'} weights, and the update leaves them as they are.")
    before, after = values.loss, values.after
    if after == before:
        return [*text, f"The loss stayed at {number(before, 6)} (the forward pass again, with the new parameters)."]
    text.append(f"The loss {'fell' if after < before else 'rose'} from {number(before, 6)} to {number(after, 6)}")
    text.append("(the forward pass again, with the new parameters).")
    if after > before:
        text.append(f"The gradient points up the loss; with the rate {number(setting.rate)} the step against it was too long.")
    return text
