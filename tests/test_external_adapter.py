"""An adapter that lives outside the repository: HIPS autograd, five ops, found through its entry point (tests/fixtures/hips)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gradwitness.frameworks import FrameworkSpec, spec, specs

ROOT = Path(__file__).parent.parent
HIPS = ROOT / "tests" / "fixtures" / "hips"
OPS = ("relu", "tanh", "log_softmax", "mse", "linear")
LINES = 130
WITH_ADAPTERS = (
    "tests/test_coverage.py",
    "tests/test_layouts.py",
    "tests/matrix/test_models.py",
    "tests/matrix/test_clipping.py",
    "tests/matrix/test_schedules.py",
    "tests/test_dropout.py",
    "tests/test_frameworks.py",
)
"""Tests that ask every adapter."""

pytest.importorskip("autograd", reason="HIPS autograd is not installed: the external adapter has nothing to adapt")


def run(*arguments: str, path: Path = HIPS) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(path)}, capture_output=True, text=True, check=False
    )


def test_it_is_small() -> None:
    assert sum(len(file.read_text().splitlines()) for file in HIPS.rglob("*") if file.suffix in (".py", ".txt")) < LINES


def test_every_cell_of_its_ops_agrees() -> None:
    done = run("tests/matrix/test_adapters.py", "--adapter", "autograd", *(part for op in OPS for part in ("--op", op)))
    assert done.returncode == 0, done.stdout[-3000:]
    agreed = re.search(r"│ all +│ +(\d+) / 0 / 0 / 0 ", done.stdout)
    assert agreed
    assert int(agreed[1]) > 50


def test_an_op_that_it_lacks_is_not_run_for_its_reason() -> None:
    done = run("tests/matrix/test_adapters.py", "--adapter", "autograd", "--op", "softmax", "--op", "relu")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"not run: autograd, \d+ cells: this adapter covers five ops", done.stdout)


def test_nothing_that_asks_every_adapter_fails() -> None:
    done = run(*WITH_ADAPTERS, "-k", "autograd", "--deselect", "tests/matrix/test_models.py::test_model")
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


STALE = """
[[difference]]
adapter = "autograd"
op = "relu"
case = ["generic"]
dtype = ["float64"]
mode = ["eager"]
device = ["cpu"]
reason = "planted"
status = "new"
[difference.measured.generic.float64]
gradient = "dx"
index = [0, 0]
got = 0.0
truth = 1.0
ratio = 1e9
"""


def test_its_known_differences_lie_beside_it(tmp_path: Path) -> None:
    shutil.copytree(HIPS, tmp_path / "hips")
    (tmp_path / "hips" / "gradwitness_hips" / "known_differences.toml").write_text(STALE)
    options = ("--adapter", "autograd", "--op", "relu", "--dtype", "float64")
    done = run("tests/matrix/test_adapters.py", *options, path=tmp_path / "hips")
    assert re.search(r"relu / generic on autograd, float64, cpu, eager:? agrees", done.stdout)
    assert "1 failed" in done.stdout


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere_to_be_found:SPEC", "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("os:sep", "is a str; wanted a FrameworkSpec"),
        ("gradwitness.frameworks.spec:BUILT_IN", "is a tuple; wanted a FrameworkSpec"),
    ],
)
def test_an_entry_point_that_is_no_spec_is_left_out_with_a_warning(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spec, "entry_points", lambda group: [EntryPoint("broken", value, group)])
    with pytest.warns(UserWarning, match=re.escape(message)):
        assert list(specs.__wrapped__()) == ["numpy", "torch", "tensorflow", "jax"]


def test_a_name_that_is_taken_is_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec, "entry_points", lambda group: [EntryPoint("torch", "tests.test_external_adapter:TAKEN", group)])
    with pytest.warns(UserWarning, match="has the name 'torch', which is taken"):
        assert len(specs.__wrapped__()) == 4


TAKEN = FrameworkSpec("torch", "torch", "elsewhere.framework", adapter="elsewhere")


def test_a_spec_with_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="FrameworkSpec 'mine': mode 'jit' came; wanted one of modes, eager"):
        FrameworkSpec("mine", "mine", "mine.framework", customary="jit")
