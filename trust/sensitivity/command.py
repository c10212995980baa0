"""python -m trust sensitivity: table, histogram and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from conformance.matrix import DTYPES, Selection
from gradwitness import K
from trust import page
from trust.places import RESULTS, ROOT
from trust.sensitivity.elements import TABLES, Sensitivity, of_case

SUMMARY = RESULTS / "sensitivity.json"
AIMS = {"float64": 1e-13, "float32": 1e-5}
"""What the median over cases is asked to lie below."""


def sensitivity(
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op or model only; repeatable")] = [],  # noqa: B006
    dtype: Annotated[list[str], typer.Option(metavar="NAME", help="this dtype only; repeatable")] = [],  # noqa: B006
    output: Annotated[Path, typer.Option(help="where the values go, as JSON")] = SUMMARY,
    plot: Annotated[Path, typer.Option(help="where the histogram goes")] = ROOT / "docs" / "sensitivity.png",
) -> None:
    """How small an error is seen: the smallest relative error in one element of one gradient that is detected, by case."""
    try:
        Selection(op=op, dtype=dtype)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    wanted = [
        (name, case.id, d) for name, of in TABLES.items() if not op or name in op for case in of.cases for d in dtype or DTYPES
    ]
    rows = [row for at in track(wanted, f"{len(wanted)} cases", console=Console(stderr=True)) if (row := of_case(*at))]
    if not rows:
        raise typer.BadParameter("no gradient of what was selected is anything but zero")
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else 160)
    for of in dict.fromkeys(row.dtype for row in rows):
        console.print(table([row for row in rows if row.dtype == of], of))
    console.print(f"{len(wanted) - len(rows)} cases are left out: their gradients are zero")
    for path in (output, plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"K": K, "aims": AIMS, "cases": [asdict(row) for row in rows]}, indent=1) + "\n")
    draw(rows, plot)
    if output == SUMMARY:
        page.write("sensitivity")


def table(rows: Sequence[Sensitivity], dtype: str) -> Table:
    """By family, in one dtype."""
    drawn = Table(title=f"{dtype}: smallest relative error in one element of one gradient that is detected", title_justify="left")
    drawn.add_column("family")
    for column in ("cases", "least", "median", "largest", f"below {AIMS[dtype]:g}", "median of a case's elements"):
        drawn.add_column(column, justify="right")
    drawn.add_column("case of the largest", overflow="fold")
    for family in [*dict.fromkeys(row.family for row in rows), "all"]:
        of = [row for row in rows if family in (row.family, "all")]
        values, worst = np.array([row.least for row in of]), max(of, key=lambda row: row.least)
        numbers = (f"{value:.1e}" for value in (values.min(), np.median(values), values.max()))
        below, blind = f"{(values < AIMS[dtype]).mean():.0%}", f"{np.median([row.median for row in of]):.1e}"
        if family == "all":
            drawn.add_section()
        drawn.add_row(family, str(len(of)), *numbers, below, blind, f"{worst.name} / {worst.case_id}, {worst.where}")
    return drawn


def draw(rows: Sequence[Sensitivity], path: Path) -> None:
    """A histogram for each dtype: of the cases' values, and of the medians over their elements."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    dtypes = list(dict.fromkeys(row.dtype for row in rows))
    figure, axes = plt.subplots(len(dtypes), 1, figsize=(8, 3.2 * len(dtypes)), sharex=True, sharey=True, squeeze=False)
    bins = np.logspace(-16, 0, 65)
    for axis, dtype in zip(axes[:, 0], dtypes, strict=True):
        of = [row for row in rows if row.dtype == dtype]
        least = np.array([row.least for row in of])
        blind = np.array([row.median for row in of])
        axis.hist(np.clip(least, bins[0], bins[-1]), bins, label="most sensitive element of the case")
        axis.hist(np.clip(blind, bins[0], bins[-1]), bins, histtype="step", color="black", label="median element of the case")
        axis.axvline(AIMS[dtype], color="tab:red", linestyle="--", label=f"aim for the median: {AIMS[dtype]:g}")
        axis.set(xscale="log", ylabel="cases", title=f"{dtype}: {len(of)} cases, median {np.median(least):.1e}")
        axis.legend(frameon=False)
    axes[-1, 0].set(xlabel="smallest relative error in one element of one gradient that is detected (1: at least as large)")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
