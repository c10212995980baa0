"""The figures of a report. Each can stand on a slide: large type, one thing shown, a title that says what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.crossover import REFERENCE, Sweep, Who, crossover, paid_after, sweeps_of
from benchmarks.store import Result
from benchmarks.table import duration

COLOURS = {
    "numpy": "#222222", "torch": "#d1495b", "tensorflow": "#e08e1b", "jax": "#2e6fb7", "autograd": "#6a994e", "mygrad": "#8d6cab",
}  # fmt: skip
MARKERS = {"eager": "o", "graph": "s", "jit": "s", "inductor": "^", "xla": "^"}
FILLS: dict[str, dict[str, Any]] = {"tf32": {"markerfacecolor": "white"}, "bfloat16": {"markerfacecolor": "white", "lw": 1.0}}
"""Precision -> how its line differs from that of float32."""
SIZE = (10, 6)
STYLE = {"font.size": 14, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3}
MIB = 2.0**20
FEW = 4
"""Names that find room among the lines."""


def figures(result: Result) -> Iterator[tuple[str, Figure]]:
    """Name and figure, of all that a result has something to show for."""
    for number, sweep in enumerate(sweeps_of(result.cells)):
        name = f"{number:02}-{sweep.model}-{sweep.sweep}-{sweep.phase.replace('+', '-')}-{sweep.threads}"
        if any(len(line) > 1 for line in sweep.lines.values()):
            yield f"{name}-time", times(sweep)
            yield from ((f"{name}-{what}", made) for what, make in OTHERS.items() if (made := make(sweep)) is not None)
    yield from ((what, made) for what, make in WHOLE.items() if (made := make(result)) is not None)


def times(sweep: Sweep) -> Figure:
    """Time against size, everybody."""
    figure, axes = _axes(f"Time: {sweep}", sweep.sweep, "seconds", sweep)
    for who, line in sweep.lines.items():
        numbers = [cell.number for cell in line]
        axes.fill_between(numbers, [c.low for c in line], [c.high for c in line], color=COLOURS[who.framework], alpha=0.2, lw=0)
        _line(axes, who, numbers, [cell.median for cell in line])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))
    _legend(axes)
    return figure


def crossovers(sweep: Sweep) -> Figure | None:
    """Time against NumPy's: below the line the framework is faster."""
    others = [who for who in sweep.lines if who != REFERENCE and len(sweep.ratios(who)) > 1]
    if not others:
        return None
    figure, axes = _axes(f"Against NumPy: {sweep}", sweep.sweep, "time / NumPy's time", sweep)
    for who in others:
        ratios = sweep.ratios(who)
        numbers = [ratio.number for ratio in ratios]
        axes.fill_between(
            numbers, [r.low for r in ratios], [r.high for r in ratios], color=COLOURS[who.framework], alpha=0.2, lw=0
        )
        _line(axes, who, numbers, [ratio.value for ratio in ratios])
        if (found := crossover(ratios)).number is not None and not found.beginning:
            axes.plot([found.number], [1], marker="*", markersize=18, color=COLOURS[who.framework], mec="black", zorder=3)
    axes.axhline(1, color="#222222", lw=1.5)
    axes.text(0.99, 1, "as fast as NumPy", transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=11)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _legend(axes)
    return figure


def memory(sweep: Sweep) -> Figure | None:
    """The most memory, everybody."""
    lines = {who: [cell for cell in line if cell.peak_bytes] for who, line in sweep.lines.items()}
    if not any(len(line) > 1 for line in lines.values()):
        return None
    figure, axes = _axes(f"Memory: {sweep}", sweep.sweep, "MiB, at most", sweep)
    for who, line in lines.items():
        if line:
            _line(axes, who, [cell.number for cell in line], [(cell.peak_bytes or 0) / MIB for cell in line])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _legend(axes)
    return figure


def break_even(sweep: Sweep) -> Figure | None:
    """After how many calls a compilation has paid, against NumPy."""
    paid: dict[Who, list[tuple[int, int]]] = {}
    for who, line in sweep.lines.items():
        pairs = [(cell.number, paid_after(cell, one)) for cell in line if (one := sweep.reference_at(cell.number)) is not None]
        found = [(number, calls) for number, calls in pairs if calls is not None]
        if found:
            paid[who] = found
    if all(len(points) < 2 for points in paid.values()):
        return None
    figure, axes = _axes(f"When compiling has paid, against NumPy: {sweep}", sweep.sweep, "calls", sweep)
    for who, points in paid.items():
        _line(axes, who, [number for number, _ in points], [float(calls) for _, calls in points])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _legend(axes)
    return figure


def threads(result: Result) -> Figure | None:
    """The most threads that were tried against one: a row for each sweep, at the largest size of which NumPy has both."""
    sweeps = {(sweep.model, sweep.sweep, sweep.phase, sweep.threads): sweep for sweep in sweeps_of(result.cells)}
    most = max((sweep.threads for sweep in sweeps.values()), default=1)
    rows: dict[str, dict[Who, float]] = {}
    for (model, swept, phase, count), many in sweeps.items():
        one = sweeps.get((model, swept, phase, 1))
        if count == most > 1 and one is not None:
            seconds = {who: {cell.number: cell.median for cell in line} for who, line in one.lines.items() if who.usual}
            gains = {
                who: {cell.number: seconds[who][cell.number] / cell.median for cell in line if cell.number in seconds[who]}
                for who, line in many.lines.items()
                if who in seconds
            }
            if gains.get(REFERENCE):
                number = max(gains[REFERENCE])
                label = f"{model}, {swept} {number}" + ("" if phase == "step" else f", {phase}")
                rows[label] = {who: each[number] for who, each in gains.items() if number in each}
    if not rows:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(SIZE[0], max(3.0, 0.4 * len(rows) + 1.5)), layout="constrained")
        axes = figure.add_subplot()
        named: set[Who] = set()
        for place, row in enumerate(rows.values()):
            for who, gain in row.items():
                name = None if who in named else str(who)
                axes.plot(gain, place, ls="", ms=9, marker=MARKERS[who.mode], color=COLOURS[who.framework], alpha=0.8, label=name)
                named.add(who)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.invert_yaxis()
        axes.axvline(1, color="#222222", lw=1.5)
        axes.set_xlabel("times as fast as with one thread")
        axes.set_title(f"{most} threads against one", loc="left", fontsize=15)
        _legend(axes)
    return figure


def roofline(result: Result) -> Figure | None:
    """What each cell reaches of what the machine can do: operations a second against operations for each byte."""
    cells = [cell for cell in result.cells if cell.synchronised and cell.flops and cell.bytes and cell.device == "cpu"]
    products = [product for product in result.limits.matmul if product.device == "cpu"]
    bands = [band for band in result.limits.bandwidth if band.device == "cpu"]
    if not (cells and products and bands):
        return None
    figure, axes = _axes(
        "Roofline: what is reached of what the machine can do", "operations for each byte", "10^9 operations a second"
    )
    intensities = sorted((cell.flops or 0) / (cell.bytes or 1) for cell in cells)
    ends = intensities[0] / 2, intensities[-1] * 2
    for product in products:
        band = next((band for band in bands if band.threads == product.threads), bands[0])
        at = [ends[0], product.gflops * 1e9 / (band.gib_per_s * 2**30), ends[1]]
        inside = sorted(x for x in at if ends[0] <= x <= ends[1])
        heights = [min(product.gflops, x * band.gib_per_s * 2**30 / 1e9) for x in inside]
        axes.plot(inside, heights, color="#222222", lw=2, ls="-" if product.threads == 1 else "--")
        axes.text(
            inside[-1], heights[-1], f"{product.threads} thread{'' if product.threads == 1 else 's'}", ha="right", va="bottom"
        )
    drawn: set[Who] = set()
    for cell in cells:
        who = Who(cell.framework, cell.mode, cell.device, cell.precision, cell.usual)
        axes.plot(
            (cell.flops or 0) / (cell.bytes or 1), (cell.flops or 0) / cell.median / 1e9, ls="", marker=MARKERS[cell.mode],
            color=COLOURS[cell.framework], alpha=0.7, label=str(who) if who not in drawn else None,
        )  # fmt: skip
        drawn.add(who)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _legend(axes)
    return figure


def _axes(title: str, across: str, up: str, sweep: Sweep | None = None) -> tuple[Figure, Any]:
    """Logarithmic axes; with a sweep, its sizes are named."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot(xscale="log", yscale="log", xlabel=across, ylabel=up)
        axes.set_title(title, loc="left", fontsize=15)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        if sweep is not None:
            axes.set_xticks(sorted({cell.number for line in sweep.lines.values() for cell in line}))
            axes.minorticks_off()
    return figure, axes


def _line(axes: Any, who: Who, numbers: Sequence[int], values: Sequence[float]) -> None:
    label = str(who) if who.usual else f"{who} (not how it is used)"
    style: dict[str, Any] = {"lw": 2.5} | FILLS.get(who.precision, {})
    axes.plot(
        numbers, values, color=COLOURS[who.framework], marker=MARKERS[who.mode], label=label,
        ls="-" if who.usual and who.device == "cpu" else ("--" if who.device != "cpu" else ":"), **style,
    )  # fmt: skip


def _legend(axes: Any) -> None:
    """Among the lines where there is room for it, otherwise beside them: it must not lie on what it names."""
    _, labels = axes.get_legend_handles_labels()
    if len(labels) <= FEW:
        axes.legend(frameon=False, fontsize=11)
    else:
        axes.figure.legend(*axes.get_legend_handles_labels(), frameon=False, fontsize=11, loc="outside right upper")


OTHERS: dict[str, Callable[[Sweep], Figure | None]] = {"crossover": crossovers, "memory": memory, "compile": break_even}
WHOLE: dict[str, Callable[[Result], Figure | None]] = {"threads": threads, "roofline": roofline}
