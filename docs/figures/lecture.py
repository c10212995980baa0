"""Draw the figures of docs/lecture.md into docs/figures/lecture: what its commands draw, in few colours, so that files are small.

    python docs/figures/lecture.py    # ten seconds; needs the extras lessons and bench

quick.json beside them is a result of `python -m benchmarks run --quick`. Each file holds the texts of its figure, for the tests.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure  # without pyplot there is no window and no global state
from matplotlib.legend import Legend
from PIL import Image
from PIL.PngImagePlugin import PngInfo

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

FOLDER = HERE / "lecture"
QUICK = FOLDER / "quick.json"
COLOURS, DPI = 256, 110
TEXTS = "Texts"
"""The part of a file that holds the texts of its figure."""


def step() -> Figure:
    """The figure of `python -m lessons.step --graph step.png`."""
    from lessons.step import graph, network

    return graph.drawn(network.Setting(), network.step(network.Setting()))


def rates() -> Figure:
    """The figure of `python -m lessons.rates --task xor`."""
    from lessons.rates import figure
    from lessons.rates.experiment import Experiment
    from lessons.rates.task import TASKS

    experiment = Experiment(TASKS["xor"], TASKS["xor"].rates)
    experiment.fill(lambda _: lambda: None)
    return figure.drawn([experiment])


def xor() -> Figure:
    """The figure of `python -m lessons.xor --adapter numpy`."""
    from lessons.xor import figure
    from lessons.xor.experiment import Experiment
    from lessons.xor.setting import RATE, Setting

    narrow = Setting(3, 42, RATE, 1000, "bce")
    experiments = [Experiment(narrow), Experiment(narrow.wider())]
    for experiment in experiments:
        experiment.fill(["numpy"], lambda _: lambda: None, 1)
    return figure.drawn(experiments)


def broken() -> Figure:
    """The figure of `python -m lessons.broken relu`."""
    from lessons.broken import figure
    from lessons.broken.experiment import Experiment, chosen, rate_of
    from lessons.broken.target import of_op

    target = of_op("relu")
    mistake = chosen(target, target.mistakes, 0)
    assert mistake is not None
    experiment = Experiment(target, mistake, rate_of(target, None))
    experiment.run()
    return figure.drawn(experiment)


def quick() -> Figure:
    """Of `python -m benchmarks report RESULT.json`, the time against the width."""
    from benchmarks.page.figures import figures
    from benchmarks.store import load

    return next(figure for name, figure in figures(load(QUICK)) if name.endswith("-time"))


def quick_output() -> str:
    """What `python -m benchmarks run --quick` printed at the end of the run whose result is stored."""
    from rich.console import Console

    from benchmarks.commands.summary import show
    from benchmarks.store import load

    console = Console(width=400, color_system=None, highlight=False, markup=False)
    with console.capture() as capture:
        show(load(QUICK), console)
    return capture.get()


FIGURES: Mapping[str, Callable[[], Figure]] = MappingProxyType(
    {"step": step, "rates": rates, "xor": xor, "broken": broken, "quick": quick}
)


def texts(figure: Figure) -> list[str]:
    """What is written in a figure, but for the numbers at its axes."""
    written = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts)]
    written += [text for legend in figure.findobj(Legend) for text in legend.get_texts()]
    return sorted(text.get_text() for text in written if text.get_text())


def save(name: str, figure: Figure) -> Path:
    """Save a figure with its texts."""
    path, whole, held = FOLDER / f"{name}.png", io.BytesIO(), PngInfo()
    figure.savefig(whole, dpi=DPI)
    held.add_text(TEXTS, json.dumps(texts(figure)))
    Image.open(whole).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=4).save(
        path, optimize=True, pnginfo=held
    )
    return path


def stored(name: str) -> list[str]:
    """The texts of the figure in a file."""
    with Image.open(FOLDER / f"{name}.png") as image:
        found: list[str] = json.loads(image.info[TEXTS])
    return found


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in FIGURES.items():
        path = save(name, draw())
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
