"""What a GPU does that no failure of a gradient is: it has kernels that are not deterministic, and warns that TF32 is off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.determinism import refusal
from conformance.matrix import Cell
from gradwitness import frameworks

ROOT = Path(__file__).parent.parent.parent
DETERMINISTIC = (
    "ctc_loss_backward_gpu does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True)'"
)


def cell(device: str) -> Cell:
    return Cell("op", "ctc", "generic", "torch", "float32", device, "eager")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (f"{DETERMINISTIC}. You can turn off determinism just for this operation", DETERMINISTIC),
        (
            "{{node X}} A deterministic GPU implementation of ResizeNearestNeighborGrad is not currently available. [Op:X]",
            "A deterministic GPU implementation of ResizeNearestNeighborGrad is not currently available",
        ),
        (
            "Determinism is not yet supported for MaxPoolGradWithArgmax.",
            "Determinism is not yet supported for MaxPoolGradWithArgmax",
        ),
        ("CUDA error: an illegal memory access was encountered", ""),
        ("CUDA out of memory", ""),
    ],
)
def test_only_the_lack_of_a_deterministic_kernel_is_a_refusal(message: str, why: str) -> None:
    assert refusal(cell("cuda"), RuntimeError(message)) == why


def test_on_the_cpu_the_same_error_is_a_failure() -> None:
    assert refusal(cell("cpu"), RuntimeError(DETERMINISTIC)) == ""


@pytest.mark.skipif(not frameworks.installed("torch"), reason="torch is not installed")
def test_a_cell_without_a_deterministic_kernel_is_not_run_and_another_error_fails() -> None:
    ops = [part for name in ("relu", "tanh", "sigmoid") for part in ("--op", name)]
    options = ("--adapter", "torch", "--dtype", "float32", "--mode", "eager", "--device", "cuda", *ops)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.without_determinism", "-k", "generic"]
    done = subprocess.run(
        [*command, *options, "tests/matrix/test_adapters.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "1 failed, 1 passed, 1 skipped" in done.stdout.splitlines()[-1]
    assert "FAILED tests/matrix/test_adapters.py::test_op[tanh-generic-torch-float32-cuda-eager]" in done.stdout
    assert "not run: torch, 1 cells: relu_backward_cuda does not have a deterministic implementation" in done.stdout


@pytest.mark.skipif(not frameworks.installed("torch"), reason="torch is not installed")
def test_the_advice_of_inductor_to_enable_tf32_fails_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch._inductor import compile_fx

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 0))
    compile_fx._warn_tf32_disabled.__wrapped__()
