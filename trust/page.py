"""docs/trust.md: what the commands measured stands between marks, written from what they keep in trust/results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trust.places import PAGE, RESULTS

Summary = Mapping[str, Any]
MUTANTS = (
    "mistake", "mutants", "stillborn", "equivalent", "live", "oracle: asked", "killed", "survived", "frameworks: asked", "killed",
    "survived",
)  # fmt: skip
PEERS = ("rule", "killed", "missed", "of those asked", "false alarms", "of pairs", "alarms at kinks")
MISSES = ("rule", "one entry off by 1e-6", "by 1e-4", "by 1e-2", "everything else")
SOAK = (
    "adapter", "mode", "of", "dtype", "cases", "seeds of each", "runs", "agreed", "recorded", "not run", "alarms", "redrawn",
    "worst, at most",
)  # fmt: skip
SENSITIVITY = ("dtype", "family", "cases", "least", "median", "largest", "below the aim", "median of the cases' median elements")


def mutants(summary: Summary) -> str:
    """The table by kind of mistake, the share that each witness kills, and the survivors with what is known of why."""
    rows = {**summary["by_label"], "**all**": summary["all"]}
    killed = {witness: f"{share:.2%}" for witness, share in summary["killed"].items()}
    lines = [
        f"{summary['examined']:,} of {summary['corpus']:,} mutants examined.",
        "",
        _grid(MUTANTS, ([name, *numbers] for name, numbers in rows.items())),
        "",
        f"Killed by the oracle alone: {killed['oracle']}. By the frameworks alone: {killed['frameworks']}.",
        "",
    ]
    lines += [f"Not asked of either, {len(ids)}: {why}.\n" for why, ids in summary["unasked"].items()]
    lines += ["Survivors:", ""]
    for survivor in summary["survivors"]:
        by = " and ".join(w for w in ("oracle", "frameworks") if survivor[w] == "survived")
        before, after = (line[2:] for line in survivor["diff"].split("\n")[1:])
        lines.append(f"- `{survivor['id']}`, survives {by}: `{before}` becomes `{after}`. {survivor['why']}".rstrip())
    return "\n".join(lines)


def peers(summary: Summary) -> str:
    """What each rule killed and cried wolf at, and what its misses are."""
    corpus, right = summary["corpus"], summary["right"]
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    rows, misses = [], []
    for rule, n in summary["rules"].items():
        asked, labels = n["killed"] + n["missed"], dict(n["missed by label"])
        numbers = (n["killed"], n["missed"], f"{n['killed'] / asked:.2%}", n["false alarms"], n["right pairs asked"])
        rows.append([rule, *numbers, n["false alarms at kinks"]])
        perturbed = [labels.pop(f"relative perturbation of {size}", 0) for size in ("1e-6", "1e-4", "1e-2")]
        misses.append([rule, *perturbed, sum(labels.values())])
    others = ", ".join(f"{count:,} {what}" for what, count in corpus.items() if what not in ("mutants", "live"))
    return "\n".join(
        [
            f"{versions}. {corpus['mutants']:,} mutants, **{corpus['live']:,}** of them a wrong gradient and nothing else",
            f"({others}); {right['pairs']:,} right pairs, {right['kinks']} of them at kinks.\n",
            _grid(PEERS, rows),
            "\nWhat the misses are:\n",
            _grid(MISSES, misses),
        ]
    )


def soak(summary: Summary) -> str:
    """A row for each adapter, kind and dtype, and the alarms."""
    rows = []
    for row in summary["rows"]:
        runs, worst, (fewest, most) = row["runs"], row["worst"], row["seeds"]
        seeds = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
        counts = [runs.get(status, 0) for status in ("agreed", "known", "not run", "alarm")]
        where = f"{worst['ratio']:.1f}, {worst['name']} / {worst['case']}, seed {worst['seed']}"
        cells = [row["adapter"], row["mode"], f"{row['kind']}s", row["dtype"], row["cases"], seeds, sum(counts), *counts]
        rows.append([*cells, row["redrawn"], where])
    count, allowed = len(summary["alarms"]), summary["allowed"]
    told = (
        f"{', '.join(summary['versions'])}. {allowed:g} units are allowed. {sum(row[6] for row in rows):,} runs, {count} alarms."
    )
    return "\n".join([told, "", _grid(SOAK, rows), *(f"\n    {alarm}" for alarm in summary["alarms"])])


def sensitivity(summary: Summary) -> str:
    """A row for each family in each dtype."""
    rows: list[list[Any]] = []
    for dtype, aim in summary["aims"].items():
        of = [case for case in summary["cases"] if case["dtype"] == dtype]
        for family in [*dict.fromkeys(case["family"] for case in of), "all"]:
            cases = [case for case in of if family in (case["family"], "all")]
            least = np.array([case["least"] for case in cases])
            numbers = [f"{value:.1e}" for value in (least.min(), np.median(least), least.max())]
            middle = f"{np.median([case['median'] for case in cases]):.1e}"
            rows.append([dtype, family, len(cases), *numbers, f"{(least < aim).mean():.0%}", middle])
    return _grid(SENSITIVITY, rows)


TEXTS: Mapping[str, Callable[[Summary], str]] = {"mutants": mutants, "peers": peers, "soak": soak, "sensitivity": sensitivity}


def write(command: str, page: Path = PAGE, results: Path = RESULTS) -> None:
    """Put what a command keeps into the page."""
    first, last = _marks(command)
    before, rest = page.read_text().split(first)
    _, after = rest.split(last)
    page.write_text(f"{before}{first}\n\n{_text(command, results)}\n\n{last}{after}")


def is_current(command: str, page: Path = PAGE, results: Path = RESULTS) -> bool:
    """Whether the page says what the command keeps."""
    first, last = _marks(command)
    return f"{first}\n\n{_text(command, results)}\n\n{last}" in page.read_text()


def _text(command: str, results: Path) -> str:
    return TEXTS[command](json.loads((results / f"{command}.json").read_text()))


def _marks(command: str) -> tuple[str, str]:
    return f"<!-- {command}: written by `python -m trust {command}` -->", f"<!-- end of {command} -->"


def _grid(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; numbers stand to the right."""
    rows = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    right = [all(row[i][:1].isdigit() for row in rows) for i in range(len(heads))]
    lines = [heads, ["---:" if numbers else "---" for numbers in right], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
