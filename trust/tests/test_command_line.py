"""`python -m trust` without arguments says what there is, and names a missing package in one sentence."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from trust.places import ROOT

COMMANDS = ("mutants", "peers", "trained", "diagnosis", "soak", "sensitivity")
HIDDEN = """
import runpy, sys
sys.modules[{module!r}] = None  # as if it were not installed
sys.argv = ["-", {command!r}]
runpy.run_module({room!r}, run_name="__main__")
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_arguments_every_command_is_named() -> None:
    done = run("-m", "trust")
    assert done.returncode == 2  # as for any command line that is not complete
    said = done.stdout + done.stderr
    assert [command for command in COMMANDS if command not in said] == []
    assert "--update-docs" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("module", "command", "sentence"),
    [
        ("typer", "soak", "needs typer, which is not installed: python -m pip install '.[trust]'"),
        ("rich", "soak", "needs rich, which is not installed: python -m pip install '.[trust]'"),
        ("distributed", "mutants", "needs dask[distributed], which is not installed: python -m pip install '.[trust]'"),
        ("torch", "peers", "needs torch, which is not installed: python -m pip install '.[torch]'"),
        ("autograd", "peers", "needs autograd, which is not installed: python -m pip install '.[trust]'"),
    ],
)
def test_a_missing_package_is_named_before_any_work(module: str, command: str, sentence: str) -> None:
    first = [name for name in ("torch", "tensorflow", "keras", "jax", "optax", "flax") if find_spec(name) is None]
    if module == "autograd" and first:
        pytest.skip(f"{first[0]} is not installed, and is named first")
    done = run("-c", HIDDEN.format(module=module, command=command, room="trust"))
    assert done.returncode == 1
    assert done.stderr.strip().endswith(sentence)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["distributed", "rich"])
def test_calibrate_names_what_is_missing(module: str) -> None:
    done = run("-c", HIDDEN.format(module=module, command="--help", room="benchmarks.calibrate"))
    assert done.returncode == 1
    assert "not installed: python -m pip install '.[bench]'" in done.stderr
