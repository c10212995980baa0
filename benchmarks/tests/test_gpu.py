"""`python -m benchmarks gpu`, from end to end with a CPU in place of the GPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from benchmarks import devices, driver, journal
from benchmarks.commands import cells, gpu
from benchmarks.plan import Implementation
from benchmarks.units import Wanted


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(driver, "journal_of", lambda *belongs: journal.journal_of(*belongs, folder=tmp_path))
    monkeypatch.setattr(driver, "SIDES", {"gpu": 64})


def test_everything_with_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="a framework that can be told to use another device")
    monkeypatch.setenv(devices.VARIABLE, "1")
    wanted = Wanted(
        "gpu",
        ("mlp",),
        ("width",),
        (64,),
        framework=("torch",),
        mode=("eager",),
        device=("cpu", "cuda"),
        precision=("float32", "bfloat16"),
    )
    result = gpu.measure(wanted, 5.0, ["--op", "relu", "--dtype", "float32"])
    assert result.choice == "gpu"
    assert result.notes[0].startswith("No GPU: a CPU stood in for it")
    assert result.machine.devices == [devices.NAME]
    assert result.differ == {}
    who = [(each.device, each.precision, each.synchronised) for each in result.cells if each.framework == "torch"]
    assert who == [
        ("cpu", "float32", True), ("cpu", "bfloat16", True), ("cuda", "float32", True), ("cuda", "float32", False),
        ("cuda", "bfloat16", True), ("cuda", "bfloat16", False),
    ]  # fmt: skip
    on_device = [each for each in result.cells if each.device == "cuda"]
    assert all(each.to_device_s and each.from_device_s for each in on_device)
    assert "matrix, generic cases on cpu: 1 cells, 1 agreed, 0 known, 0 differ, 0 not run" in result.notes
    assert {limit.dtype for limit in result.limits.matmul if limit.device == "cuda"} == {"float32", "tf32", "bfloat16"}


def test_without_a_gpu_it_says_what_each_framework_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_seen", lambda names: {"torch": ["cpu"], "tensorflow": []})
    with pytest.raises(typer.BadParameter, match=r"no framework here sees a GPU \(torch: cpu; tensorflow: not installed\)"):
        gpu.measure(Wanted("gpu"), 1.0)


def test_the_cells_of_a_process_that_is_ended_are_not_lost() -> None:
    records = [
        {"cell": "relu-generic", "status": "agreed", "reason": "", "message": ""},
        {"cell": "ctc-generic", "status": "not run", "reason": "no deterministic kernel", "message": ""},
        {"cell": "tanh-generic", "status": "differ", "reason": "", "message": "dx is wrong"},
    ]
    told = cells._found(records, finished=False, status=-15, said="", seconds=100.0)
    assert told["notes"] == ["matrix, generic cases on cuda: 3 cells, 1 agreed, 0 known, 1 differ, 1 not run"]
    assert told["differ"] == {"matrix: tanh-generic": "dx is wrong"}
    assert told["not_run"] == {
        "matrix: ctc-generic": "no deterministic kernel",
        "matrix: the remaining cells": "the limit of 100 s was reached",
    }


def test_a_matrix_that_does_not_run_at_all_is_said() -> None:
    told = cells._found([], finished=True, status=4, said="\nERROR: no such option", seconds=100.0)
    assert told["not_run"] == {"matrix": "pytest ended with 4: ERROR: no such option"}


def test_what_is_timed_on_a_gpu_has_every_precision() -> None:
    wanted = Wanted("gpu", device=("cpu", "cuda"))
    there = set(wanted.implementations())
    assert {Implementation("torch", "eager", "cuda", p) for p in ("float32", "tf32", "bfloat16")} <= there
    assert {Implementation("jax", "jit", "cuda", p) for p in ("float32", "tf32", "bfloat16")} <= there
    assert Implementation("torch", "eager", "cpu", "tf32") not in there
