"""The commands of `python -m benchmarks`."""

from __future__ import annotations

import typer

from benchmarks.commands.compare import compare
from benchmarks.commands.gpu import gpu
from benchmarks.commands.listing import show
from benchmarks.commands.report import report
from benchmarks.commands.run import run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def _benchmarks() -> None:
    """How fast is each framework on the reference's networks, and from which size is it faster than NumPy?

    Every implementation is verified before it is timed. Results are kept in .benchmarks/results, and with --keep in
    benchmarks/results.

    What the project itself costs is measured by other commands:

    python -m pytest benchmarks              single ops; import, collection, a verified cell; gradwitness.check

    python -m benchmarks.calibrate           what stands behind K: how far each framework is from the truth

    python -m benchmarks.rounding            Monte Carlo arithmetic inside the frameworks
    """


app.command("run")(run)
app.command("list")(show)
app.command("report")(report)
app.command("compare")(compare)
app.command("gpu")(gpu)
