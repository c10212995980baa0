"""Write docs/why-frameworks.md and its figures from what is stored and counted. Nothing is measured here.

    python docs/figures/why_frameworks.py           # writes the page and its figures
    python docs/figures/why_frameworks.py --check   # writes nothing; exit status 1 if the page is not what this would write

It reads benchmarks/results (`python -m benchmarks run --full --keep`, `python -m benchmarks gpu --keep`) and
trust/results/trained.json (`python -m trust trained --update-docs`), and counts lines as `python -m lessons.lines` does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

import reference  # noqa: E402 (the repository's root is on the path only now)
from benchmarks import store  # noqa: E402
from benchmarks.crossover import REFERENCE, Sweep, Who, crossover, paid_after, sweeps_of  # noqa: E402
from benchmarks.devices import NAME as STAND_IN  # noqa: E402
from benchmarks.page.figures import crossovers, times  # noqa: E402
from benchmarks.store import KEPT, Cell, Result, load  # noqa: E402
from benchmarks.table import duration  # noqa: E402
from conformance.known import accuracies, differences, seconds  # noqa: E402
from gradwitness import frameworks  # noqa: E402
from lessons.lines.count import Counted, counted, lines, together  # noqa: E402

PAGE, TEMPLATE = HERE.parent / "why-frameworks.md", "why-frameworks.md.jinja"
TRAINED = ROOT / "trust" / "results" / "trained.json"
SHOWN = ("mlp", "width")
"""The sweep that is drawn."""
DPI = 80
ORDER = ("torch", "tensorflow", "jax")


@dataclass(frozen=True)
class Timed:
    """A row of the page: a sweep of training steps on one thread.

    sizes      the least and the largest
    from_      for each framework in its usual mode, from which size it is faster than NumPy
    largest    for each, its time there as a share of NumPy's
    """

    what: str
    sizes: str
    from_: list[str]
    largest: list[str]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not current")
    check = parser.parse_args().check
    cpu, gpu = _newest(_kept(gpu=False)), _newest(_kept(gpu=True))
    if cpu is None:
        raise SystemExit("no result of a CPU in benchmarks/results: python -m benchmarks run --full --keep")
    text = page(cpu, gpu)
    if not check:
        PAGE.write_text(text)
        for path, picture in _pictures(cpu, gpu):
            picture.savefig(path, dpi=DPI)
    elif not PAGE.exists() or PAGE.read_text() != text:
        raise SystemExit("docs/why-frameworks.md is not what its sources say: python docs/figures/why_frameworks.py")


def page(cpu: Result, gpu: Result | None) -> str:
    """The text of the page."""
    ops = [counted(name) for name in reference.OPS]
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # noqa: S701 (Markdown, and no input from elsewhere)
    )  # fmt: skip
    told: dict[str, Any] = {
        "names": ORDER,
        "ops": len(ops),
        "families": list(_families(ops)),
        "one_line": {name: sum(lines(op.spelling[name]) == 1 for op in ops if name in op.spelling) for name in ORDER},
        "trained": json.loads(TRAINED.read_text()),
        "cpu": cpu,
        "stored": store.name(cpu),
        "left_out": len(cpu.not_run),
        "usual": [str(who) for who in _usual(cpu)],
        "timed": list(_timed(cpu)),
        "wins": list(_wins(cpu)),
        "threads": list(_threads(cpu)),
        "compiled": list(_compiled(cpu)),
        "gpu": gpu,
        "on_gpu": list(_on_gpu(gpu)) if gpu else [],
        "specs": [frameworks.spec_of(name) for name in ORDER],
        "known": {
            "values and gradients": len(differences()),
            "accuracy": len(accuracies()),
            "second derivatives": len(seconds()),
        },
    }
    return str(environment.get_template(TEMPLATE).render(told))


def _kept(*, gpu: bool) -> list[Result]:
    results = [load(path) for path in sorted(KEPT.glob("*.json"))]
    return [each for each in results if STAND_IN not in each.machine.devices and bool(each.machine.devices) == gpu]


def _newest(results: Sequence[Result]) -> Result | None:
    return max(results, key=lambda result: result.finished, default=None)


def _families(ops: Sequence[Counted]) -> Iterator[tuple[str, int, int, int]]:
    """Family, ops, lines of derivation and of backward; all of them last."""
    groups = {family: [op for op in ops if op.family == family] for family in dict.fromkeys(op.family for op in ops)}
    for name, group in {**groups, "all": list(ops)}.items():
        yield name, len(group), sum(len(op.derivation) for op in group), together(group)


def _steps(result: Result, threads: int = 1) -> list[Sweep]:
    return [sweep for sweep in sweeps_of(result.cells) if sweep.phase == "step" and sweep.threads == threads]


def _usual(result: Result) -> list[Who]:
    """Each framework in the mode in which its users train, in order, as far as the result has it."""
    there = {who for sweep in _steps(result) for who in sweep.lines}
    usual = [(name, frameworks.spec_of(name).customary) for name in ORDER]
    return [who for pair in usual for who in there if (who.framework, who.mode, who.device) == (*pair, "cpu")]


def _timed(result: Result) -> Iterator[Timed]:
    for sweep in _steps(result):
        numbers = [cell.number for cell in sweep.lines.get(REFERENCE, ())]
        if len(numbers) > 1:
            ratios = [sweep.ratios(who) if who in sweep.lines else [] for who in _usual(result)]
            yield Timed(
                f"{sweep.model}, {sweep.sweep}",
                f"{numbers[0]} to {numbers[-1]}",
                [str(crossover(each)) if each else "-" for each in ratios],
                [f"{each[-1].value:.2g}" if each else "-" for each in ratios],
            )


def _wins(result: Result) -> Iterator[tuple[str, str]]:
    """Sweep -> at which sizes NumPy is faster than each framework in its usual mode, beyond the intervals."""
    for sweep in _steps(result):
        slower = {
            who: [ratio.number for ratio in sweep.ratios(who) if ratio.low > 1] for who in _usual(result) if who in sweep.lines
        }
        said = [f"than {who} at {', '.join(map(str, sizes))}" for who, sizes in slower.items() if sizes]
        if said:
            yield f"{sweep.model}, {sweep.sweep}", "; ".join(said)


def _threads(result: Result) -> Iterator[tuple[str, list[str]]]:
    """Largest size that all have -> how many times as fast each is with all threads; NumPy first."""
    one = {(sweep.model, sweep.sweep): sweep for sweep in _steps(result)}
    for sweep in _steps(result, result.machine.processors) if result.machine.processors > 1 else ():
        alone, who = one.get((sweep.model, sweep.sweep)), (REFERENCE, *_usual(result))
        if alone is not None:
            pairs = [(_by_size(alone, each), _by_size(sweep, each)) for each in who]
            common = set.intersection(*(set(a) & set(b) for a, b in pairs))
            if common:
                size = max(common)
                yield f"{sweep.model}, {sweep.sweep} {size}", [f"{a[size].median / b[size].median:.2f}" for a, b in pairs]


def _by_size(sweep: Sweep, who: Who) -> dict[int, Cell]:
    return {cell.number: cell for cell in sweep.lines.get(who, [])}


def _compiled(result: Result) -> Iterator[tuple[str, str, str, str, str]]:
    """Of the drawn sweep: size, who, seconds to compile, and after how many steps it has paid, against NumPy."""
    for sweep in _steps(result):
        if (sweep.model, sweep.sweep) == SHOWN:
            for who, line in sweep.lines.items():
                for cell in line:
                    against = sweep.reference_at(cell.number)
                    if cell.compile_s is not None and against is not None and who in _usual(result):
                        paid = paid_after(cell, against)
                        after = f"{paid:,}" if paid is not None else "never: NumPy's step is shorter"
                        yield str(cell.number), str(who), duration(cell.compile_s), duration(cell.median), after


def _on_gpu(result: Result) -> Iterator[tuple[str, str, str]]:
    for sweep in _steps(result):
        for who in sweep.lines:
            if who.device != "cpu" and (ratios := sweep.ratios(who)):
                yield f"{sweep.model}, {sweep.sweep}", str(who), str(crossover(ratios))


def _pictures(cpu: Result, gpu: Result | None) -> Iterator[tuple[Path, Any]]:
    for name, result in (("cpu", cpu), ("gpu", gpu)):
        for sweep in _steps(result) if result else ():
            if (sweep.model, sweep.sweep) == SHOWN:
                yield HERE / f"why-{name}-time.png", times(sweep)
                if (against := crossovers(sweep)) is not None:
                    yield HERE / f"why-{name}-crossover.png", against


if __name__ == "__main__":
    main()
