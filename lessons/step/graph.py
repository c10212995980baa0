"""The computational graph of the step: an op is a box, a number is an edge with its value and its gradient.

Three rules can be seen in it. A product hands the gradient on, times its other factor. A sum hands it on as it is. Where a number
goes several ways, as an input does, the gradients that come back are added.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot there is no window and no global state

from lessons.step.drawing import GRADIENT, TIMES, VALUE, arrow, box, edge, falling, label, left, parameter, right, rising
from lessons.step.lines import number
from lessons.step.network import LABEL, Setting, Values

WIDTH, ROW = 16.0, 1.2
"""Width of the graph, and height of one product of the hidden layer, in inches."""
INPUT, PRODUCT, SUM, RELU, WEIGHTED, OUTPUT, SIGMOID, LOSS, END = 0.6, 3.3, 5.1, 7.0, 8.7, 11.0, 12.7, 14.4, 15.6
"""Where the columns are."""


def plot(setting: Setting, values: Values, output: Path) -> None:
    """Save the graph."""
    drawn(setting, values).savefig(output, dpi=120)


def drawn(setting: Setting, v: Values) -> Figure:
    """The graph: inputs on the left, the loss on the right, a row for each hidden unit."""
    inputs = range(len(v.x))
    height = ROW * len(v.x) * max(setting.hidden, 2)
    middle = height / 2
    figure = Figure(figsize=(WIDTH, height + 1.4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(-0.35, height + 1.05))
    axes.axis("off")
    _title(axes, height)
    sources = [middle + ROW, middle - ROW]
    for j in range(setting.hidden):
        _unit(axes, v, j, middle + ROW * (setting.hidden - 1 - 2 * j), sources, middle)
    _end(axes, setting, v, middle)
    for i in inputs:
        box(axes, (INPUT, sources[i]), f"$x_{i + 1}$", style="circle,pad=0.25")
        label(axes, (INPUT, sources[i] - 0.36), f"sum\n{number(v.dx[i])}", GRADIENT, "center", "top")
    return figure


def _title(axes: Axes, height: float) -> None:
    axes.text(0.3, height + 0.8, "The computational graph of one training step", fontsize=16, va="center")
    axes.text(0.3, height + 0.42, "blue, above or left: the value (forward pass)", fontsize=14, color=VALUE, va="center")
    words = "red, below or right: the gradient, dL / d value (backward pass)"
    axes.text(5.4, height + 0.42, words, fontsize=14, color=GRADIENT, va="center")


def _unit(axes: Axes, v: Values, j: int, y: float, sources: list[float], middle: float) -> None:
    """The row of a hidden unit: a product for each input, their sum with the bias, relu, the product with the output's weight."""
    for i, source in enumerate(sources):
        at = PRODUCT, y + ROW * (0.5 - i) - 0.12
        rising(axes, (INPUT + 0.3, source), left(at, TIMES), v.x[i], v.dh[j] * v.w1[i, j], 0.95)
        parameter(axes, at, f"$W1_{{{i + 1},{j + 1}}}$", v.w1[i, j], v.dw1[i, j])
        falling(axes, right(at, TIMES), left((SUM, y), "+"), v.x[i] * v.w1[i, j], v.dh[j], 0.75)
        box(axes, at, TIMES)
    parameter(axes, (SUM, y), f"$b1_{{{j + 1}}}$", v.b1[j], v.db1[j])
    edge(axes, right((SUM, y), "+"), left((RELU, y), "relu"), v.h[j], v.dh[j], f"$h_{{{j + 1}}}$", share=0.6)
    edge(axes, right((RELU, y), "relu"), left((WEIGHTED, y), TIMES), v.a[j], v.da[j], f"$a_{{{j + 1}}}$", share=0.42)
    parameter(axes, (WEIGHTED, y), f"$W2_{{{j + 1}}}$", v.w2[j], v.dw2[j])
    falling(axes, right((WEIGHTED, y), TIMES), left((OUTPUT, middle), "+"), v.a[j] * v.w2[j], v.dz, 0.85)
    for place, text in ((SUM, "+"), (RELU, "relu"), (WEIGHTED, TIMES)):
        box(axes, (place, y), text)


def _end(axes: Axes, setting: Setting, v: Values, y: float) -> None:
    """From the sum of the output to the loss."""
    parameter(axes, (OUTPUT, y), "$b2$", v.b2, v.db2, above=False)
    edge(axes, right((OUTPUT, y), "+"), left((SIGMOID, y), "sigmoid"), v.z, v.dz, "$z$")
    edge(axes, right((SIGMOID, y), "sigmoid"), left((LOSS, y), setting.loss), v.p, v.dp, "$p$")
    edge(axes, right((LOSS, y), setting.loss), (END, y), v.loss, 1.0, "$L$")
    arrow(axes, (LOSS, y - 0.72), (LOSS, y - 0.2))
    axes.text(LOSS, y - 0.75, f"$t$ = {number(LABEL)}", ha="center", va="top", fontsize=13)
    for place, text in ((OUTPUT, "+"), (SIGMOID, "sigmoid"), (LOSS, setting.loss)):
        box(axes, (place, y), text)
