"""python -m trust sensitivity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from conformance.extras import require
from conformance.matrix import DTYPES, Selection
from trust import page
from trust.options import UpdateDocs
from trust.places import PLOT
from trust.sensitivity.report import draw, summary, table
from trust.sensitivity.search import TABLES, of_case


def sensitivity(
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op or model only; repeatable")] = [],  # noqa: B006
    dtype: Annotated[list[str], typer.Option(metavar="NAME", help="this dtype only; repeatable")] = [],  # noqa: B006
    output: Annotated[Path | None, typer.Option(help="write the values to this file, as JSON")] = None,
    plot: Annotated[Path | None, typer.Option(help="draw the histogram into this file")] = None,
    update_docs: UpdateDocs = False,
) -> None:
    """How small an error is seen? The smallest relative error in one element of one gradient that is detected, by case."""
    try:
        Selection(op=op, dtype=dtype)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if update_docs and (op or dtype):
        raise typer.BadParameter("the docs hold all cases: leave out --op and --dtype", param_hint="--update-docs")
    pictures = [path for path in (plot, PLOT if update_docs else None) if path is not None]
    if pictures:
        require("trust", "matplotlib")
    wanted = [
        (name, case.id, d) for name, op_ in TABLES.items() if not op or name in op for case in op_.cases for d in dtype or DTYPES
    ]
    rows = [row for at in track(wanted, f"{len(wanted)} cases", console=Console(stderr=True)) if (row := of_case(*at))]
    if not rows:
        raise typer.BadParameter("every gradient of what was selected is zero")
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else 160)
    for each in dict.fromkeys(row.dtype for row in rows):
        console.print(table([row for row in rows if row.dtype == each], each))
    console.print(f"{len(wanted) - len(rows)} cases are left out: their gradients are zero")
    found = summary(rows)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(found, indent=1) + "\n")
    for path in pictures:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(rows, path)
    page.publish("sensitivity", found, console, update_docs=update_docs)
