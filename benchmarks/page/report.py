"""Results as one page that needs no other file, with its figures beside it as PNG for slides."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from benchmarks.crossover import REFERENCE, Sweep, crossover, exponent, sweeps_of
from benchmarks.devices import NAME as STAND_IN
from benchmarks.page.figures import figures
from benchmarks.store import Cell, Result, name
from benchmarks.table import duration

DPI = 160
NO_GPU = "not measured on a GPU yet"


@dataclass(frozen=True)
class Row:
    """A row of the table of crossovers."""

    sweep: str
    who: str
    crossover: str
    exponent: str
    largest: str


def rows(sweep: Sweep) -> Iterator[Row]:
    """One for each implementation; of NumPy the exponent alone."""
    for who, line in sweep.lines.items():
        grown = exponent(line)
        said = f"{grown[0]:.2f} ({grown[1]:.2f} to {grown[2]:.2f})" if grown else "-"
        ratios = sweep.ratios(who)
        against = str(crossover(ratios)) if who != REFERENCE and ratios else "-"
        yield Row(str(sweep), str(who), against, said, f"{line[-1].size}: {duration(line[-1].median)}")


def shares(result: Result) -> Iterator[tuple[Cell, float]]:
    """Each cell on the CPU that has them counted: the time that the machine needs at least, as a share of what was taken."""
    for cell in result.cells:
        product = next((p for p in result.limits.matmul if (p.device, p.threads) == (cell.device, cell.threads)), None)
        band = next((b for b in result.limits.bandwidth if (b.device, b.threads) == (cell.device, cell.threads)), None)
        if cell.synchronised and cell.flops and cell.bytes and product is not None and band is not None:
            least = max(cell.flops / (product.gflops * 1e9), cell.bytes / (band.gib_per_s * 2**30))
            yield cell, least / cell.median


def write(results: Sequence[Result], folder: Path) -> Path:
    """Write index.html and the figures into a folder; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = []
    for result in results:
        drawn = []
        for what, figure in figures(result):
            picture = png(figure)
            (folder / f"{name(result)}-{what}.png").write_bytes(picture)
            drawn.append((what, base64.b64encode(picture).decode()))
        sections.append(
            {
                "result": result,
                "name": name(result),
                "gpu": any(cell.device != "cpu" for cell in result.cells) and STAND_IN not in result.machine.devices,
                "rows": [row for sweep in sweeps_of(result.cells) for row in rows(sweep)],
                "shares": sorted(shares(result), key=lambda pair: -pair[1]),
                "figures": drawn,
            }
        )
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template("page.html").render(sections=sections, no_gpu=NO_GPU, duration=duration)
    path = folder / "index.html"
    path.write_text(page)
    return path


def png(figure: Figure) -> bytes:
    """A figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()
