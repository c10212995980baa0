"""The sensitivity of the suite: a table for a terminal, a histogram, and a summary for the docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from gradwitness import K
from trust.sensitivity.search import Sensitivity

AIMS = {"float64": 1e-13, "float32": 1e-5}
"""The median over cases should lie below these."""


def summary(rows: Sequence[Sensitivity]) -> dict[str, Any]:
    """All values, for the docs."""
    return {"K": K, "aims": AIMS, "cases": [asdict(row) for row in rows]}


def table(rows: Sequence[Sensitivity], dtype: str) -> Table:
    """A row for each family, in one dtype."""
    drawn = Table(title=f"{dtype}: smallest relative error in one element of one gradient that is detected", title_justify="left")
    drawn.add_column("family")
    for column in ("cases", "least", "median", "largest", f"below {AIMS[dtype]:g}", "median of a case's elements"):
        drawn.add_column(column, justify="right")
    drawn.add_column("case of the largest", overflow="fold")
    for family in [*dict.fromkeys(row.family for row in rows), "all"]:
        in_family = [row for row in rows if family in (row.family, "all")]
        values, worst = np.array([row.least for row in in_family]), max(in_family, key=lambda row: row.least)
        numbers = (f"{value:.1e}" for value in (values.min(), np.median(values), values.max()))
        below, middle = f"{(values < AIMS[dtype]).mean():.0%}", f"{np.median([row.median for row in in_family]):.1e}"
        if family == "all":
            drawn.add_section()
        drawn.add_row(family, str(len(in_family)), *numbers, below, middle, f"{worst.name} / {worst.case_id}, {worst.where}")
    return drawn


def draw(rows: Sequence[Sensitivity], path: Path) -> None:
    """Draw a histogram for each dtype: of the values of cases, and of the medians over their elements."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    dtypes = list(dict.fromkeys(row.dtype for row in rows))
    figure, axes = plt.subplots(len(dtypes), 1, figsize=(8, 3.2 * len(dtypes)), sharex=True, sharey=True, squeeze=False)
    bins = np.logspace(-16, 0, 65)
    for axis, dtype in zip(axes[:, 0], dtypes, strict=True):
        in_dtype = [row for row in rows if row.dtype == dtype]
        least = np.array([row.least for row in in_dtype])
        middle = np.array([row.median for row in in_dtype])
        axis.hist(np.clip(least, bins[0], bins[-1]), bins, label="most sensitive element of the case")
        axis.hist(np.clip(middle, bins[0], bins[-1]), bins, histtype="step", color="black", label="median element of the case")
        axis.axvline(AIMS[dtype], color="tab:red", linestyle="--", label=f"aim for the median: {AIMS[dtype]:g}")
        axis.set(xscale="log", ylabel="cases", title=f"{dtype}: {len(in_dtype)} cases, median {np.median(least):.1e}")
        axis.legend(frameon=False)
    axes[-1, 0].set(xlabel="smallest relative error in one element of one gradient that is detected (1: at least as large)")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
