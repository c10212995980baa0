"""The tables of docs/trust.md. Each stands between two marks, and is written from a summary in trust/results."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from trust.places import PAGE, RESULTS
from trust.soak import functions_report
from trust.soak.programs import report as programs_report
from trust.soak.user_code_report import COLUMNS, cells
from trust.trained import report as trained_report

Summary = Mapping[str, Any]
MUTANTS = (
    "mistake", "mutants", "stillborn", "equivalent", "live", "oracle: asked", "killed", "survived", "frameworks: asked", "killed",
    "survived",
)  # fmt: skip
PEERS = ("rule", "killed", "missed", "of those asked", "false alarms", "of pairs", "alarms at kinks")
MISSES = ("rule", "one entry off by 1e-6", "by 1e-4", "by 1e-2", "everything else")
SOAK = (
    "adapter", "mode", "kind", "dtype", "cases", "seeds of each", "runs", "agreed", "recorded", "not run", "alarms", "redrawn",
    "worst, at most",
)  # fmt: skip
SENSITIVITY = ("dtype", "family", "cases", "least", "median", "largest", "below the aim", "median of the cases' median elements")


def mutants(summary: Summary) -> str:
    """The table by kind of mistake, the share that each witness kills, and each survivor with the reason, if it is known."""
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
    """Kills and false alarms of each rule, and what it misses."""
    corpus, right = summary["corpus"], summary["right"]
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    rows, misses = [], []
    for rule, n in summary["rules"].items():
        asked, labels = n["killed"] + n["missed"], dict(n["missed by label"])
        numbers = (
            n["killed"],
            n["missed"],
            f"{n['killed'] / asked:.2%}" if asked else "-",
            n["false alarms"],
            n["right pairs asked"],
        )
        rows.append([rule, *numbers, n["false alarms at kinks"]])
        perturbed = [labels.pop(f"relative perturbation of {size}", 0) for size in ("1e-6", "1e-4", "1e-2")]
        misses.append([rule, *perturbed, sum(labels.values())])
    others = ", ".join(f"{count:,} {what}" for what, count in corpus.items() if what not in ("mutants", "live"))
    return "\n".join(
        [
            f"{versions}. {corpus['mutants']:,} mutants, **{corpus['live']:,}** of them a wrong gradient and nothing else",
            f"({others}); {right['pairs']:,} right pairs, {right['kinks']} of them at kinks.\n",
            _grid(PEERS, rows),
            *_undecided(summary),
            "\nWhat the misses are:\n",
            _grid(MISSES, misses),
        ]
    )


def _undecided(summary: Summary) -> list[str]:
    """What a rule said neither right nor wrong about: mutants among its misses, right pairs among those without an alarm."""
    lines = []
    for rule, n in summary["rules"].items():
        mutants, pairs = n.get("cannot tell", (0, 0))
        if mutants or pairs:
            lines.append(f"\n{rule}: cannot tell about {mutants:,} of the mutants that it missed, and {pairs:,} right pairs.")
    return lines


def soak(summary: Summary) -> str:
    """A row for each adapter, kind and dtype, and the alarms."""
    rows = []
    for row in summary["rows"]:
        outcomes, worst, (fewest, most) = row["runs"], row["worst"], row["seeds"]
        seeds = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
        counts = [outcomes.get(status, 0) for status in ("agreed", "known", "not run", "alarm")]
        where = f"{worst['ratio']:.1f}, {worst['name']} / {worst['case']}, seed {worst['seed']}"
        cells = [row["adapter"], row["mode"], f"{row['kind']}s", row["dtype"], row["cases"], seeds, sum(counts), *counts]
        rows.append([*cells, row["redrawn"], where])
    count, allowed = len(summary["alarms"]), summary["allowed"]
    runs = sum(row[6] for row in rows)
    head = f"{', '.join(summary['versions'])}. {allowed:g} units are allowed. {runs:,} runs, {count} alarms."
    return "\n".join([head, "", _grid(SOAK, rows), *_alarms(summary)])


def user_code(summary: Summary) -> str:
    """A row for each style, why some could not be told, and the alarms."""
    rows = [cells(style if style != "all" else "**all**", row) for style, row in summary["rows"].items()]
    lines = [f"{', '.join(summary['versions'])}.", "", _grid(COLUMNS, rows), ""]
    for reason, names in summary["cannot tell"].items():
        lines.append(f"- {len(names)} times {reason} ({', '.join(f'`{name}`' for name in dict.fromkeys(names))})")
    return "\n".join([*lines, *_alarms(summary)]).rstrip()


def _alarms(summary: Summary) -> list[str]:
    """Those that stand, as code: every line of them indented, with what replays it."""
    told = [textwrap.indent(alarm, "    ") for alarm in summary["alarms"]]
    return ["\nAlarms that stand:\n", "\n\n".join(told)] if told else []


def functions(summary: Summary) -> str:
    """A row for each framework and dtype, how many seeds were run, why some could not be told, and the alarms."""
    seeds = []
    for kind, (run, cases, least, most) in summary["seeds"].items():
        each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        seeds.append(f"{run:,} of {cases:,} {kind} cases at {each} seed{'s' if most != 1 else ''}")
    checks, count = sum(row["checks"] for row in summary["rows"]), len(summary["alarms"])
    lines = [
        f"{', '.join(summary['versions'])}. {checks:,} checks, {count} alarms.",
        f"In a framework and a dtype each: {', '.join(seeds)}.",
        "",
        _grid(functions_report.COLUMNS, map(functions_report.cells, summary["rows"])),
        "",
        "It cannot tell where",
        "",
    ]
    lines += [f"- {reason}: {', '.join(f'`{op}`' for op in ops)}" for reason, ops in summary["cannot tell"].items()]
    return "\n".join([*lines, *_alarms(summary)]).rstrip()


def programs(summary: Summary) -> str:
    """A row for each dialect, right and with a mistake, and the alarms."""
    count = sum(row["programs"] for row in summary["rows"])
    head = f"{', '.join(summary['versions'])}. {count:,} checks, {len(summary['alarms'])} alarms."
    return "\n".join([head, "", _grid(programs_report.COLUMNS, map(programs_report.cells, summary["rows"])), *_alarms(summary)])


def sensitivity(summary: Summary) -> str:
    """A row for each family in each dtype."""
    rows: list[list[Any]] = []
    for dtype, aim in summary["aims"].items():
        in_dtype = [case for case in summary["cases"] if case["dtype"] == dtype]
        for family in [*dict.fromkeys(case["family"] for case in in_dtype), "all"]:
            cases = [case for case in in_dtype if family in (case["family"], "all")]
            least = np.array([case["least"] for case in cases])
            numbers = [f"{value:.1e}" for value in (least.min(), np.median(least), least.max())]
            middle = f"{np.median([case['median'] for case in cases]):.1e}"
            rows.append([dtype, family, len(cases), *numbers, f"{(least < aim).mean():.0%}", middle])
    return _grid(SENSITIVITY, rows)


def diagnosis(summary: Summary) -> str:
    """A row for each kind of mistake, and what was explained wrongly."""
    rows = {**summary["by label"], "**all**": summary["all"]}
    live, (median, high, most) = summary["live"], summary["evaluations"]
    share = {answer: f"{count / max(live, 1):.1%}" for answer, count in summary["all"].items()}
    lines = [
        f"{summary['examined']:,} mutants examined, {live:,} of them a wrong gradient and nothing else. Named: {share['named']}.",
        f"Explained wrongly: {share['wrong']}. Evaluations: {median:,} in the median, {high:,} at the 90th percentile,",
        f"{most:,} at most.",
        "",
        _grid(("mistake", *summary["all"]), ([name, *numbers.values()] for name, numbers in rows.items())),
        "",
    ]
    if summary["explained wrongly"]:
        lines += ["Explained wrongly:", "", *(f"- {each}" for each in summary["explained wrongly"])]
    return "\n".join(lines).rstrip()


def trained(summary: Summary) -> str:
    """What the numbers say, and a row for each kind of mistake."""
    return "\n".join([*trained_report.sentences(summary), "", _grid(trained_report.COLUMNS, trained_report.rows_of(summary))])


TEXTS: Mapping[str, Callable[[Summary], str]] = {
    "mutants": mutants,
    "peers": peers,
    "trained": trained,
    "diagnosis": diagnosis,
    "soak": soak,
    "user_code": user_code,
    "functions": functions,
    "programs": programs,
    "sensitivity": sensitivity,
}
ARGUMENTS = {"user_code": "soak --user-code", "functions": "soak --functions", "programs": "soak --programs"}
"""Of `python -m trust`, where they are not the summary's name."""


def publish(command: str, summary: Summary, console: Console, *, update_docs: bool) -> None:
    """With update_docs, write a summary into trust/results and the page; else say how that is done."""
    if update_docs:
        file = RESULTS / f"{command}.json"
        save(file, summary)
        write(command)
        console.print(f"written: {PAGE.name} and {file.name}", soft_wrap=True)
    else:
        console.print(
            "The docs are unchanged. To write these figures into them, add --update-docs to the command.", soft_wrap=True
        )


def save(file: Path, summary: Summary) -> None:
    """Write a summary as JSON."""
    file.write_text(json.dumps(summary, indent=1) + "\n")


def write(command: str, page: Path | None = None, results: Path | None = None) -> None:
    """Write a command's summary into the page."""
    page = page or PAGE
    first, last = _marks(command)
    before, rest = page.read_text().split(first)
    _, after = rest.split(last)
    page.write_text(f"{before}{first}\n\n{_text(command, results)}\n\n{last}{after}")


def is_current(command: str, page: Path | None = None, results: Path | None = None) -> bool:
    """Whether the page shows a command's summary."""
    first, last = _marks(command)
    return f"{first}\n\n{_text(command, results)}\n\n{last}" in (page or PAGE).read_text()


def _text(command: str, results: Path | None) -> str:
    return TEXTS[command](json.loads(((results or RESULTS) / f"{command}.json").read_text()))


def _marks(command: str) -> tuple[str, str]:
    arguments = ARGUMENTS.get(command, command)
    return f"<!-- {command}: written by `python -m trust {arguments} --update-docs` -->", f"<!-- end of {command} -->"


def _grid(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown. Columns of numbers are aligned to the right."""
    rows = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    right = [all(row[i][:1].isdigit() for row in rows) for i in range(len(heads))]
    lines = [heads, ["---:" if numbers else "---" for numbers in right], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
