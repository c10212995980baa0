"""Commands change files under version control with --update-docs alone, and then write what they print."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from conformance.rewriting.mutant import Mutant
from trust import page
from trust.app import app
from trust.corpus import catalogue
from trust.mutants import command as mutants_command
from trust.mutants import run as mutants_run
from trust.peers import run as peers_run
from trust.places import PAGE, PLOT, RESULTS
from trust.sensitivity import command as sensitivity_command
from trust.soak import command as soak_command
from trust.soak import functions_record as soak_functions
from trust.soak import run as soak_run
from trust.soak import user_code as soak_user_code
from trust.trained import run as trained_run

for framework in ("torch", "tensorflow", "jax", "autograd"):
    pytest.importorskip(framework, reason=f"the docs hold figures of all frameworks, and {framework} is not installed")

RUNS = {
    "mutants": [["mutants"], ["mutants", "--so-far"]],
    "peers": [["peers", "--op", "relu", "--mutants", "1", "--seeds", "1"], ["peers", "--op", "relu", "--report"]],
    "trained": [["trained", "--op", "relu"], ["trained", "--op", "relu", "--report"]],
    "soak": [["soak", "--op", "relu", "--seeds", "1", "--adapter", "torch"], ["soak", "--minutes", "0"]],
    "user_code": [["soak", "--user-code", "--draws", "1", "--seconds", "2"]],
    "functions": [["soak", "--functions", "--op", "relu", "--adapter", "torch", "--seeds", "1"]],
    "sensitivity": [["sensitivity", "--op", "relu", "--dtype", "float32"]],
}
"""Of each command: a run of a part, and a report of what was run."""


def here(work: Callable[[Any], Any], todo: Sequence[Any], *_: Any, prepare: Any, about: Any = (), **__: Any) -> Iterator[Any]:
    """What the workers do, in this process."""
    del prepare, about
    yield from map(work, todo)


@cache
def two_mutants() -> list[Mutant]:
    return list(islice(catalogue.pair_mutants(("relu",)), 2))


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command owns its process. Here it leaves the environment alone, and its signal handlers are removed after it."""
    monkeypatch.setattr(mutants_command, "set_environment", lambda _: None)
    monkeypatch.setattr(mutants_command, "ENVIRONMENT", {})
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals of the test's own, work in this process, and a corpus of two mutants."""
    monkeypatch.setattr(mutants_run, "WORKING", tmp_path / "mutants.jsonl")
    monkeypatch.setattr(mutants_run, "CHECKED", tmp_path / "checks.jsonl")
    monkeypatch.setattr(peers_run, "FILE", tmp_path / "peers.jsonl")
    monkeypatch.setattr(trained_run, "FILE", tmp_path / "trained.jsonl")
    monkeypatch.setattr(soak_command, "RECORD", tmp_path / "soak.jsonl")
    monkeypatch.setattr(soak_user_code, "RECORD", tmp_path / "user_code.jsonl")
    monkeypatch.setattr(soak_functions, "RECORD", tmp_path / "functions.jsonl")
    for module in (mutants_run, peers_run, soak_run):
        monkeypatch.setattr(module, "each", here)
    monkeypatch.setattr(catalogue, "corpus", lambda *_: iter(two_mutants()))


def run(arguments: Sequence[str]) -> Result:
    return CliRunner().invoke(app, arguments)


def tracked() -> dict[Path, bytes]:
    """The files that commands may write, and what they hold."""
    return {file: file.read_bytes() for file in (PAGE, PLOT, *sorted(RESULTS.iterdir()))}


@pytest.mark.parametrize("command", RUNS)
def test_no_file_under_version_control_changes_unasked(command: str) -> None:
    before = tracked()
    for arguments in RUNS[command]:
        result = run(arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "To write these figures into them, add --update-docs to the command." in result.output
    assert tracked() == before


@pytest.mark.parametrize("command", ["mutants", "soak"])
def test_the_docs_get_what_a_command_found(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, copy = tracked(), tmp_path / "docs"
    shutil.copytree(RESULTS, copy)
    shutil.copy(PAGE, copy)
    monkeypatch.setattr(page, "PAGE", copy / PAGE.name)
    monkeypatch.setattr(page, "RESULTS", copy)
    result = run([*RUNS[command][0], "--update-docs"])
    assert f"written: trust.md and {command}.json" in result.output
    assert (copy / f"{command}.json").read_bytes() != (RESULTS / f"{command}.json").read_bytes()
    assert page.is_current(command)
    assert tracked() == before


@pytest.mark.parametrize(
    "arguments",
    [["mutants", "--op", "relu"], ["peers", "--op", "relu"], ["trained", "--op", "relu"], ["sensitivity", "--op", "relu"]],
)
def test_a_part_is_no_figure_for_the_docs(arguments: list[str]) -> None:
    result = run([*arguments, "--update-docs"])
    assert result.exit_code == 2
    assert "leave out --op" in " ".join(result.output.replace("│", " ").split())


def test_the_histogram_is_drawn_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []
    monkeypatch.setattr(sensitivity_command, "draw", lambda _, path: drawn.append(path))
    before = tracked()
    run([*RUNS["sensitivity"][0], "--plot", str(tmp_path / "a.png"), "--output", str(tmp_path / "a.json")])
    assert drawn == [tmp_path / "a.png"]
    assert (tmp_path / "a.json").exists()
    assert tracked() == before
