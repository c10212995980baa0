"""What a computational graph is drawn with: boxes, arrows, and a value and a gradient at each arrow. Lengths are in inches."""

from __future__ import annotations

from matplotlib.axes import Axes

from lessons.step.lines import number

VALUE, GRADIENT = "#1f4e9c", "#b3261e"
TIMES = "\N{MULTIPLICATION SIGN}"
HALF = {TIMES: 0.2, "+": 0.2, "relu": 0.34, "sigmoid": 0.5, "bce": 0.34, "mse": 0.34}
"""Half the width of a box, by its text."""
Point = tuple[float, float]


def left(at: Point, text: str) -> Point:
    """Where arrows enter a box."""
    return at[0] - HALF[text], at[1]


def right(at: Point, text: str) -> Point:
    """Where arrows leave it."""
    return at[0] + HALF[text], at[1]


def box(axes: Axes, at: Point, text: str, style: str = "round,pad=0.3") -> None:
    """A box with an op in it."""
    frame = {"boxstyle": style, "facecolor": "#f3f3f3", "edgecolor": "0.3"}
    axes.text(*at, text, ha="center", va="center", fontsize=14, bbox=frame, zorder=3)


def label(axes: Axes, at: Point, text: str, color: str, ha: str, va: str) -> None:
    """A number on white, so that no line runs through it."""
    frame = {"boxstyle": "round,pad=0.05", "facecolor": "white", "edgecolor": "none"}
    axes.text(*at, text, ha=ha, va=va, fontsize=12, color=color, bbox=frame, zorder=2)


def arrow(axes: Axes, start: Point, end: Point) -> None:
    """An arrow without numbers."""
    style = {"arrowstyle": "->", "color": "0.5", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style, zorder=1)


def edge(axes: Axes, start: Point, end: Point, value: float, gradient: float, name: str = "", share: float = 0.5) -> None:
    """An arrow with the value above it and the gradient below. share says how far along it they are."""
    arrow(axes, start, end)
    _numbers(axes, start, end, value, gradient, share, name)


def rising(axes: Axes, start: Point, end: Point, value: float, gradient: float, level: float) -> None:
    """An arrow that slopes first and is level at its end, for so long. The numbers are on the level part."""
    corner = end[0] - level, end[1]
    axes.plot(*zip(start, corner, strict=True), color="0.5", linewidth=1, zorder=1)
    edge(axes, corner, end, value, gradient)


def falling(axes: Axes, start: Point, end: Point, value: float, gradient: float, level: float) -> None:
    """An arrow that is level first, for so long, and slopes then. The numbers are on the level part."""
    corner = start[0] + level, start[1]
    axes.plot(*zip(start, corner, strict=True), color="0.5", linewidth=1, zorder=1)
    arrow(axes, corner, end)
    _numbers(axes, start, corner, value, gradient, 0.5, "")


def parameter(axes: Axes, at: Point, name: str, value: float, gradient: float, *, above: bool = True) -> None:
    """An arrow into a box from a parameter: the value to its left, the gradient to its right."""
    (x, y), sign = at, 1 if above else -1
    arrow(axes, (x, y + 0.62 * sign), (x, y + 0.2 * sign))
    axes.text(x, y + 0.64 * sign, name, ha="center", va="bottom" if above else "top", fontsize=13)
    label(axes, (x - 0.07, y + 0.42 * sign), number(value), VALUE, "right", "center")
    label(axes, (x + 0.07, y + 0.42 * sign), number(gradient), GRADIENT, "left", "center")


def _numbers(axes: Axes, start: Point, end: Point, value: float, gradient: float, share: float, name: str) -> None:
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    label(axes, (x, y + 0.07), number(value), VALUE, "center", "bottom")
    label(axes, (x, y - 0.07), number(gradient), GRADIENT, "center", "top")
    if name:
        axes.text(x, y + 0.34, name, ha="center", va="bottom", fontsize=13)
