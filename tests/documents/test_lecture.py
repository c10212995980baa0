"""docs/lecture.md and docs/lessons.md show what their commands print, and the lecture takes sixty minutes."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

import adapters
from gradwitness import frameworks
from tests.documents.reading import ROOT, blocks, text

LECTURE = "docs/lecture.md"
for needed in ("matplotlib", "rich", "sklearn", "typer"):
    pytest.importorskip(needed, reason="the lessons need the extra lessons")

FIGURES = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "figures" / "lecture.py")))
COLUMNS = ("lessons.step", "lessons.xor")
"""Lessons with columns of frameworks. They are run with those that the page shows."""
LEFT_OUT = "..."
ROUNDING = re.compile(r"\d\.\de-1\d")
CHAOTIC = re.compile(r"(?<= )[\d.]+%?(?= .*(?:oscillating|diverging)$)")
"""Numbers that another machine's rounding changes: differences between honest runs, and runs whose steps are too long."""


def shown() -> Iterator[tuple[str, str, str]]:
    """Page, command and output, wherever a page shows both."""
    for page in (LECTURE, "docs/lessons.md"):
        for command, output in pairwise(blocks(page)):
            if (command.language, output.language) == ("sh", "console"):
                yield page, command.text.strip(), output.text


SHOWN = list(shown())


@cache
def printed(command: str, names: tuple[str, ...]) -> list[str]:
    """The lines that a command prints, with the columns of these frameworks. Seconds without one, up to a minute with all."""
    arguments = command.split()[2:]
    if arguments[0] == "benchmarks":
        return measured()
    if arguments[0] in COLUMNS:
        arguments += [part for name in names or ("numpy",) for part in ("--adapter", name)]
    with tempfile.TemporaryDirectory() as folder:  # for the figures
        environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        process = [sys.executable, "-m", *arguments]
        done = subprocess.run(process, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return lines_of(done.stdout)


def lines_of(output: str) -> list[str]:
    """The lines of an output, without what rounding decides and spaces at their ends."""
    return [CHAOTIC.sub("#", ROUNDING.sub("#", line.rstrip())) for line in output.splitlines()]


def measured() -> list[str]:
    """What `python -m benchmarks run --quick` prints of the result that is stored."""
    pytest.importorskip("pytest_benchmark", reason="benchmarks need the extra bench")
    return lines_of(FIGURES.quick_output())


def first_missing(wanted: str, lines: list[str]) -> str | None:
    """The first line that a page shows and a command does not print there; between lines that are left out, all must follow."""
    position = 0
    for part in re.split(rf"^{re.escape(LEFT_OUT)}\n", wanted, flags=re.MULTILINE):
        expected = lines_of(part)
        starts = [i for i in range(position, len(lines)) if lines[i] == expected[0]]
        runs = [lines[i : i + len(expected)] for i in starts]
        if expected not in runs:
            best = max(runs, key=lambda run: sum(a == b for a, b in zip(run, expected, strict=False)), default=[])
            return next((a for a, b in zip(expected, best, strict=False) if a != b), expected[0])
        position = starts[runs.index(expected)] + len(expected)
    return None


@pytest.mark.parametrize(("page", "command", "output"), SHOWN, ids=[f"{page}-{i}" for i, (page, *_) in enumerate(SHOWN)])
def test_a_command_prints_what_the_page_shows(page: str, command: str, output: str) -> None:
    del page
    names = tuple(name for name in adapters.NAMES if name in output and any(lesson in command for lesson in COLUMNS))
    for name in names:
        if not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
    assert first_missing(output, printed(command, names)) is None


def test_both_pages_are_read() -> None:
    commands = {command.split()[2] for _, command, _ in SHOWN}
    assert commands == {"lessons.step", "lessons.rates", "lessons.xor", "lessons.broken", "lessons.lines", "benchmarks"}


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [("a\nb\n", None), ("b\n...\nd\n", None), ("a\nc\n", "c"), ("c\n...\na\n", "a"), ("e\n", "e"), ("a\nb\n...\nc\nd\n", None)],
)
def test_a_line_that_is_not_printed_there_is_found(wanted: str, missing: str | None) -> None:
    assert first_missing(wanted, ["a", "b", "c", "d"]) == missing


def test_what_rounding_decides_is_not_compared() -> None:
    assert lines_of("    2   0.0029   6.1%   large  \n") == ["    2   0.0029   6.1%   large"]
    assert lines_of(" 12   1.3612   197.6%   diverging") == [" #   #   #   diverging"]
    assert lines_of("between the columns: 2.2e-16. Rounding") == ["between the columns: #. Rounding"]


def test_the_lecture_takes_sixty_minutes() -> None:
    parts = [(int(a), int(b)) for a, b in re.findall(r"^## (\d+) to (\d+): ", text(LECTURE), re.MULTILINE)]
    rows = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+) to (\d+) \|", text(LECTURE), re.MULTILINE)]
    assert parts == rows
    assert (parts[0][0], parts[-1][1]) == (0, 60)
    assert all(one[1] == next_[0] for one, next_ in pairwise(parts))


def test_every_part_has_a_command_and_questions_with_answers() -> None:
    for part in re.split(r"^## (?=\d)", text(LECTURE), flags=re.MULTILINE)[1:]:
        assert re.search(r"^```(sh|python)$", part, re.MULTILINE), part
        assert part.count("<details") == part.count("</summary>\n\n") == part.count("\n\n</details>") >= 2, part


@pytest.mark.parametrize("name", FIGURES.FIGURES)
def test_a_figure_is_what_its_command_draws_today(name: str) -> None:
    if name == "quick":
        pytest.importorskip("pytest_benchmark", reason="benchmarks need the extra bench")
    assert FIGURES.texts(FIGURES.FIGURES[name]()) == FIGURES.stored(name), "`python docs/figures/lecture.py` draws it anew"
    path: Path = FIGURES.FOLDER / f"{name}.png"
    assert path.stat().st_size < 100_000
    assert f"(figures/lecture/{name}.png)" in text(LECTURE)
