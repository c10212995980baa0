"""What reads results, on a result that `python -m benchmarks gpu --stand-in` wrote: a CPU stood in for the GPU."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import store
from benchmarks.commands.summary import show
from benchmarks.store import Result

(FILE,) = (Path(__file__).parent / "recorded").glob("*_gpu.json")


@pytest.fixture
def recorded() -> Result:
    return store.load(FILE)


def test_its_name_is_that_of_its_contents(recorded: Result) -> None:
    assert store.name(recorded) == FILE.stem


def test_it_says_that_it_is_no_measurement_of_a_gpu(recorded: Result) -> None:
    assert recorded.notes[0] == "No GPU: a CPU stood in for it. Nothing here is a measurement of a GPU."
    assert recorded.choice == "gpu"


def test_it_has_cells_on_both_devices_in_every_precision_with_transfers_and_without_waiting(recorded: Result) -> None:
    on_gpu = [each for each in recorded.cells if each.device == "cuda"]
    assert {(each.framework, each.precision) for each in on_gpu} == {
        (framework, precision) for framework in ("torch", "jax") for precision in ("float32", "tf32", "bfloat16")
    }
    assert all(each.to_device_s and each.from_device_s for each in on_gpu)
    assert sum(each.synchronised for each in on_gpu) == sum(not each.synchronised for each in on_gpu)
    assert {(each.framework, each.device) for each in recorded.cells} >= {("numpy", "cpu"), ("torch", "cpu"), ("jax", "cpu")}


def test_the_matrix_is_in_its_notes(recorded: Result) -> None:
    assert sum(note.startswith("matrix, generic cases on") for note in recorded.notes) == 1
    assert recorded.differ == {}


def test_its_limits_are_of_both_devices(recorded: Result) -> None:
    assert (
        {each.device for each in recorded.limits.matmul} == {each.device for each in recorded.limits.bandwidth} == {"cpu", "cuda"}
    )


def test_it_is_summed_up(recorded: Result) -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    show(recorded, console)
    said = console.export_text()
    assert "mlp, step, 1 thread: times as fast as NumPy" in said
    assert "cuda" in said
    assert "NumPy against itself" in said
