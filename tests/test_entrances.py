"""Packages that run as a program say what there is, and load no framework for it. A missing extra is named before any work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gradwitness

ROOT = Path(__file__).parent.parent


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("gradwitness", [gradwitness.__version__, "from gradwitness import check, check_loss", "docs/index.md", "tensorflow"]),
        ("benchmarks", ["python -m pytest benchmarks", "python -m benchmarks.calibrate", "benchmarks/results"]),
        ("conformance", ["list", "known", "naive", "new", "python -m pytest --op softmax"]),
        ("lessons", ["python -m lessons.xor", "python -m lessons.train"]),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["alone", "help"])
def test_a_package_says_what_there_is(package: str, words: list[str], arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", package, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [word for word in words if word not in done.stdout] == []


@pytest.mark.parametrize("package", ["gradwitness", "benchmarks", "conformance"])
def test_no_framework_is_loaded_for_it(package: str) -> None:
    code = f"""
import runpy, sys
sys.argv = ["{package}"]
runpy.run_module("{package}", run_name="__main__", alter_sys=True)
print("loaded:", sorted({{"torch", "tensorflow", "keras", "jax"}} & sys.modules.keys()))
"""
    assert "loaded: []" in run(code).stdout


WITHOUT = (
    "import sys; sys.modules['{module}'] = None; import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', {tests}]))"
)


def test_a_run_with_cells_needs_the_table_before_the_first_test() -> None:
    done = run(WITHOUT.format(module="rich", tests="'tests/matrix/test_adapters.py', '--op', 'relu'"))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "The table of the matrix needs rich, which is not installed: python -m pip install '.[test]'" in done.stderr + done.stdout
    )


def test_a_run_without_cells_does_not_need_the_table() -> None:
    assert run(WITHOUT.format(module="rich", tests="'tests/reference/test_bad_input.py', '--op', 'relu'")).returncode == 0


def test_benchmarks_without_their_extra_are_one_sentence() -> None:
    done = run(WITHOUT.format(module="rich", tests="'benchmarks'"))
    assert done.returncode != 0
    assert "python -m pytest benchmarks needs rich" in done.stderr  # and pytest-benchmark, where that is missing too
    assert "not installed: python -m pip install '.[bench]'" in done.stderr
    assert "Traceback" not in done.stderr
