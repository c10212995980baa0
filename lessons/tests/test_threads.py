"""Every column gets the same number of threads, and the lesson says how many."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import adapters
from conformance import loops
from gradwitness import frameworks
from lessons.train import comparison
from lessons.train.definitions import Definitions

LESSONS = [("xor", "--epochs"), ("train", "xor", "--steps")]


@pytest.mark.parametrize("command", LESSONS, ids=lambda command: command[0])
def test_every_column_gets_as_many_threads_as_are_asked_for(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def adapted(name: str, recipe: Any, dtype: Any, threads: int) -> loops.Loop:
        given[name] = threads
        return loops.reference(recipe, dtype)

    given: dict[str, int] = {}
    monkeypatch.setattr(loops, "adapted", adapted)
    monkeypatch.setattr(comparison, "definitions", lambda *_: Definitions())
    name, *options = command
    app = importlib.import_module(f"lessons.{name}.app").app
    result = CliRunner().invoke(app, [*options, "1", "--threads", "3", "--output", str(tmp_path / "x.png")])
    assert result.exit_code == 0, result.output
    assert given == dict.fromkeys(adapters.NAMES, 3)
    assert "Threads for each column: 3 (" in result.output


@pytest.mark.parametrize(("command", "count"), [(LESSONS[0], 1), (LESSONS[1], 2)], ids=["one-by-default", "two"])
def test_the_libraries_say_so_themselves(command: tuple[str, ...], count: int, tmp_path: Path) -> None:
    if not frameworks.installed("torch"):
        pytest.skip("torch is not installed")
    name, *options = command
    options += ["1", "--adapter", "torch", "--output", str(tmp_path / "x.png")]
    threads = ["--threads", str(count)] if count > 1 else []
    run = subprocess.run(
        [sys.executable, "-m", f"lessons.{name}", *options, *threads],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    _, said = " ".join(run.stdout.split()).split("Threads for each column: ")
    assert said.startswith(f"{count} (")
    assert f"torch {count}, between operations {count}" in said
    assert set(re.findall(r"(?:openblas|openmp|mkl) (\d+)", said)) == {str(count)}
