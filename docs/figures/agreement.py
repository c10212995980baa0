"""Draw docs/figures/agreement.svg: how agreement is judged, from measured numbers.

    python docs/figures/agreement.py             # measures (about 2 CPU minutes), writes agreement.json, draws
    python docs/figures/agreement.py --no-run    # draws what agreement.json holds

Honest results: the generic case of every op in every installed framework, float32, eager. Each number is the distance of the
worst element from the truth, in units of rounding spread. Cells that known_differences.toml names are left out.

Planted mistakes: the same results, where one element of one gradient is multiplied by 1 + 1e-4.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

from conformance.known import known  # noqa: E402 (the repository's root is on the path only now)
from conformance.matrix import Selection  # noqa: E402
from conformance.run import run_op  # noqa: E402
from gradwitness import K, frameworks  # noqa: E402

NUMBERS, FIGURE = HERE / "agreement.json", HERE / "agreement.svg"
MISTAKE = 1e-4
FIRST, LAST = 1e-1, 1e5
"""The ends of the axis. Exact results stand in its first bin, an infinite distance (no rounding is allowed) in its last."""
HONEST, PLANTED, LINE, TEXT = "#2f6f9f", "#c8553d", "#1b1b1b", "#333333"


def measure() -> dict[str, Any]:
    """The distances of honest results and of planted mistakes, and what they were measured with."""
    honest: dict[str, float | None] = {}
    planted: dict[str, float | None] = {}
    for cell in Selection(dtype=("float32",), mode=("eager",), device=("cpu",)).cells("op"):
        if cell.case_id == "generic" and frameworks.installed(cell.adapter) and not known(cell):
            evidence, results = run_op(cell)
            honest[str(cell)] = worst(evidence, results)
            if spoiled := with_mistake(evidence, results):
                planted[str(cell)] = worst(evidence, spoiled)
    adapters = sorted({name for name in ("torch", "tensorflow", "jax") if frameworks.installed(name)})
    return {
        "versions": [frameworks.load(name).version() for name in ("numpy", *adapters)],
        "limit": K,
        "mistake": MISTAKE,
        "honest": honest,
        "planted": planted,
    }


def worst(evidence: Any, results: Sequence[Any]) -> float | None:
    """The largest distance of the results, in units of spread; None where it is infinite."""
    distance = max(evidence.distances(results).values())
    return float(f"{distance:.4g}") if np.isfinite(distance) else None


def with_mistake(evidence: Any, results: Sequence[Any]) -> list[Any]:
    """The results with the largest element of the first gradient that is not zero multiplied by 1 + MISTAKE."""
    for i, name in enumerate(evidence.names):
        largest = np.abs(results[i]).argmax() if name.startswith("d") and np.size(results[i]) else None
        if largest is not None and results[i].flat[largest] != 0:
            factors = np.ones(results[i].shape, results[i].dtype)
            factors.flat[largest] += MISTAKE
            return [result * factors if j == i else result for j, result in enumerate(results)]
    return []


def draw(numbers: dict[str, Any]) -> None:
    """Two histograms on one logarithmic axis, and the limit between them."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "gradwitness", "font.size": 10.5, "text.color": TEXT})
    from matplotlib import pyplot as plt

    limit, mistake = numbers["limit"], numbers["mistake"]
    honest, planted = ([np.inf if v is None else v for v in numbers[kind].values()] for kind in ("honest", "planted"))
    bins = np.geomspace(FIRST, LAST, 46)
    figure, axes = plt.subplots(figsize=(8.4, 3.6), layout="constrained")
    counts = [np.histogram(np.clip(values, FIRST, LAST), bins)[0] for values in (honest, planted)]
    for count, colour in zip(counts, (HONEST, PLANTED), strict=True):
        axes.bar(bins[:-1], count, np.diff(bins), align="edge", color=colour, edgecolor="white", linewidth=0.5)
    top = 1.5 * max(count.max() for count in counts)
    axes.set(xscale="log", xlim=(FIRST, LAST), ylim=(0, top))
    axes.axvspan(FIRST, limit, color=HONEST, alpha=0.07, linewidth=0)
    axes.axvline(limit, color=LINE, linewidth=1.6)
    axes.text(limit * 1.1, top * 0.97, f"K = {limit:g}", va="top", weight="bold", color=LINE)
    axes.text(limit * 1.1, top * 0.88, "one limit\nfor all", va="top", fontsize=9)
    said = f"{len(honest)} honest float32 results\nof PyTorch, TensorFlow and JAX\nlargest distance {max(honest):.1f}"
    axes.text(1, top * 0.97, said, ha="center", va="top", color=HONEST)
    said = f"the same, one gradient element\noff by 1 part in {1 / mistake:,.0f}\nsmallest distance {min(planted):.0f}"
    axes.text(3e3, top * 0.97, said, ha="center", va="top", color=PLANTED)
    axes.set_xticks([FIRST * 1.12, 1, 10, 100, 1e3, 1e4, LAST / 1.12], ["exact", "1", "10", "100", "1,000", "10,000", "beyond"])
    axes.set_xlabel("distance of the worst element from the truth, in units of what rounding alone does")
    axes.set_ylabel("results")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FIGURE, metadata={"Date": None, "Title": "How agreement is judged"}, facecolor="white")


def main() -> None:
    """Measure unless told not to, then draw."""
    parser = argparse.ArgumentParser(prog="python docs/figures/agreement.py", description="Draw agreement.svg.")
    parser.add_argument("--no-run", action="store_true", help="draw what agreement.json holds")
    if not parser.parse_args().no_run:
        NUMBERS.write_text(json.dumps(measure(), indent=1) + "\n")
    draw(json.loads(NUMBERS.read_text()))


if __name__ == "__main__":
    main()
