"""All lines of a step, in the order in which they are calculated; and those of the update."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.step.backward import backward
from lessons.step.forward import forward, loss
from lessons.step.lines import Group, Line, number, times
from lessons.step.network import Setting, Values


def groups(setting: Setting, v: Values) -> list[Group]:
    """All groups, in the order in which they are calculated."""
    return [*forward(setting, v), loss(setting, v), *backward(setting, v), *update(setting, v)]


def update(setting: Setting, v: Values) -> Iterator[Group]:
    """The groups of the update."""
    rate, rule = setting.rate, "gradient descent: a step against the gradient"

    def line(name: str, before: float, gradient: float, after: float) -> Line:
        mistakes = ((before + rate * gradient, "That goes up the loss: subtract."), (before - gradient, "The rate is missing."))
        return Line(f"new {name}", f"{number(before)} - {times(rate, gradient)}", float(after), mistakes=mistakes)

    units, inputs, new = range(setting.hidden), range(len(v.x)), v.new
    lines: dict[str, tuple[Line, ...]] = {
        "W1[i,j]": tuple(
            line(f"W1[{i + 1},{j + 1}]", v.w1[i, j], v.dw1[i, j], new["hidden.weight"][i, j]) for i in inputs for j in units
        ),
        "b1[j]": tuple(line(f"b1[{j + 1}]", v.b1[j], v.db1[j], new["hidden.bias"][j]) for j in units),
        "W2[j]": tuple(line(f"W2[{j + 1}]", v.w2[j], v.dw2[j], new["output.weight"][j, 0]) for j in units),
        "b2": (line("b2", v.b2, v.db2, new["output.bias"][0]),),
    }
    for name, group in lines.items():
        yield Group("Update", f"new {name} = {name} - rate · d{name}", rule, group)
