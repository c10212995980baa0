"""`python -m benchmarks`: what it lists, what it says of a wrong option, and one small run from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import driver, journal, store
from benchmarks.app import app
from benchmarks.sweeps import SWEEPS


def call(*arguments: str) -> tuple[int, str]:
    """Exit status and everything that was written."""
    done = CliRunner().invoke(app, list(arguments))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, " ".join(done.output.split())


def test_every_model_and_sweep_is_listed() -> None:
    status, said = call("list")
    assert status == 0
    for model, sweeps in SWEEPS.items():
        for sweep, each in sweeps.items():
            assert f"{model} {sweep} {' '.join(map(str, each.numbers))}" in said
    assert "eager (not how it is used), jit" in said


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--quick", "--full"], "--quick and --full exclude each other"),
        (["--threads", "0"], "--threads 0; wanted 1 to"),
        (["--threads", "many"], "--threads many; wanted 1 to"),
        (["--minutes", "0"], "Invalid value for '--minutes'"),
        (["--model", "mpl"], "unknown model 'mpl'; did you mean mlp?"),
        (["--number", "63"], "nothing is there for --number 63"),
    ],
)
def test_a_wrong_option_is_a_sentence(arguments: list[str], wanted: str) -> None:
    status, said = call("run", *arguments)
    assert status == 2
    assert wanted in said


def test_a_small_run_from_end_to_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="a run needs something to compare NumPy with")
    monkeypatch.setattr(store, "SCRATCH", tmp_path)
    monkeypatch.setattr(driver, "journal_of", lambda *belongs: journal.journal_of(*belongs, folder=tmp_path / "journals"))
    monkeypatch.setattr(driver, "SIDES", {"quick": 64})
    status, said = call(
        "run", "--quick", "--number", "64", "--model", "mlp", "--sweep", "width", "--framework", "torch", "--mode", "eager"
    )
    assert status == 0, said
    assert "mlp, step, 1 thread: times as fast as NumPy" in said
    assert "NumPy against itself" in said
    (file,) = tmp_path.glob("*_quick.json")
    result = store.load(file)
    assert [(each.framework, each.mode, each.usual) for each in result.cells] == [
        ("numpy", "eager", True),
        ("torch", "eager", True),
    ]
    for each in result.cells:
        assert len(each.rounds) == driver.ROUNDS["quick"]
        assert each.low <= each.median <= each.high
        assert each.flops
        assert each.first_s > 0
    assert result.versions.keys() >= {"python", "numpy", "torch"}
    assert result.limits.matmul
    assert result.limits.bandwidth
    assert list((tmp_path / "journals").iterdir()) == []
