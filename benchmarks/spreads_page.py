"""docs/reference/spreads.md: the figures of `python -m benchmarks.rounding`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.rounding import DTYPES, FRAMEWORKS, Row, worst
from gradwitness.verdict import K_PROJECTION, k_of

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "spreads.md"

WHY = {
    "relu relu6 threshold hard_tanh": "The framework selects, which is exact. The reference multiplies by a mask, and a product "
    "rounds. The error is zero either way.",
    "upsample_bilinear2d": "The reference multiplies each row by a whole matrix of weights, most of them zero, and counts a sum "
    "of so many terms. The framework adds four products.",
    "global_max_pool max_pool1d max_pool2d": "The framework's backward adds the gradients that fall on one element. It is "
    "counted as a sum, although each element gets one at most.",
    "binary_cross_entropy": "One kernel computes the logarithms. Its operand is perturbed before 1 - p, which is exact near "
    "p = 1.",
    "ctc": "TensorFlow and optax add in the space of logarithms, frame by frame, and in another order than the reference.",
}
"""Ops whose spreads differ by more than a factor of 4 -> why."""

TOP = """# Spreads inside the frameworks

*For people who want to know how rounding is measured inside PyTorch, TensorFlow and JAX.*

[No tolerance](../explanation/no-tolerance.md) measures what rounding alone can do to a NumPy function. For PyTorch, TensorFlow
and JAX the same is measured inside the framework. Every operation of the function, forward and backward, is carried out on
float64 values, and rounds at random by as much as its own dtype does. This page has two measurements of it, on the generic case
of each op of the catalogue. `python -m benchmarks.rounding --update-docs` writes them.

## How far honest kernels are from the truth

For each dtype and framework: the op whose result is furthest from the truth, in units of the measured spread. K is what is
allowed: 32 in float64 and float32 (from [the whole matrix](../explanation/agreement.md)), and three times the worst of the three
frameworks in 16 bits. The projection on the truth,
`<got, truth> / <truth, truth>`, shows a constant factor that no element shows alone; that of each slice (a row, a channel) one
of a part.
"""

MIDDLE = """
## The spread inside the framework over that of the reference

In float32, as a ratio of root mean squares: the least and the greatest among the results of an op (out and gradients). `exact`
stands where neither rounds, `-` where the framework lacks the op or the kernel.
"""


def line(row: Row) -> str:
    """A row, for people."""
    if row.absent:
        return f"{row.op} / {row.adapter} / {row.dtype}: {row.absent}"
    figures = f"{row.distance:.2f} units, all together {row.projection:.2f}, a slice {row.slices:.2f}"
    return f"{row.op} / {row.adapter} / {row.dtype}: {figures}" + (
        f", spread {ratios(row)} of the reference's" if row.ratios else ""
    )


def ratios(row: Row | None) -> str:
    """The least and the greatest ratio of a row."""
    if row is None or row.absent:
        return "-"
    known = [ratio for ratio in row.ratios if ratio is not None]
    if not known:
        return "exact"
    least, greatest = (f"{ratio:.2g}" for ratio in (min(known), max(known)))
    return least if least == greatest else f"{least} to {greatest}"


def write(rows: Sequence[Row]) -> None:
    """Write the page."""
    PAGE.write_text("\n".join([TOP, *_distances(rows), MIDDLE, *_spreads(rows), "", *_reasons(rows), ""]), encoding="utf-8")


def _distances(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| dtype | framework | worst element | op | K | worst projection | op | worst slice | op | allowed |",
        "|---|---|---:|---|---:|---:|---|---:|---|---:|",
    ]
    for dtype in DTYPES:
        for element, together, part in worst(rows, dtype):
            lines.append(
                f"| {dtype} | {element.adapter} | {element.distance:.2f} | {element.op} | {k_of(dtype):g} "
                f"| {together.projection:.2f} | {together.op} | {part.slices:.2f} | {part.op} | {K_PROJECTION:g} |"
            )
    return lines


def _spreads(rows: Sequence[Row]) -> list[str]:
    of = {(row.op, row.adapter): row for row in rows if row.dtype == "float32"}
    ops = dict.fromkeys(op for op, _ in of)
    table = [f"| {op} | " + " | ".join(ratios(of.get((op, name))) for name in FRAMEWORKS) + " |" for op in ops]
    return ["| op | " + " | ".join(FRAMEWORKS) + " |", "|---|" + "---:|" * len(FRAMEWORKS), *table]


def _reasons(rows: Sequence[Row]) -> list[str]:
    """Why, for each op whose spreads differ by more than 4. Raises LookupError for one without a reason."""
    differ = {row.op for row in rows if any(r is not None and not 1 / 4 <= r <= 4 for r in row.ratios)}
    lines = ["Where they differ by more than a factor of 4:", ""]
    for ops, reason in WHY.items():
        if these := [op for op in ops.split() if op in differ]:
            lines.append(f"- {', '.join(these)}: {reason}")
            differ -= set(these)
    if differ:
        raise LookupError(f"no reason is given in WHY for {', '.join(sorted(differ))}")
    return lines
