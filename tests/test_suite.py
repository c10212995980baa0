"""The suite itself: is nothing tolerated, and does each planted mistake turn the right cells red and no others?

Whether everything is covered is asked in test_coverage.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tokenize
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.matrix import TABLES, Cell, Selection
from gradwitness import frameworks
from tests.faults import FAULTS

ROOT = Path(__file__).parent.parent


# --- strictness: nobody picks a number


PICKED = re.compile(r"\b(rtol|atol|rel_tol|abs_tol|allclose|isclose|assert_allclose|approx|assert_almost_equal)\b")
PEERS = [*(ROOT / "trust" / "peers" / name for name in ("rules.py", "kernels.py")), ROOT / "conformance" / "rules.py"]
"""The rules of others, with their constants: the one exception."""
SOURCES = sorted(
    p for p in ROOT.rglob("*.py") if p not in PEERS and not any(part.startswith(".") for part in p.relative_to(ROOT).parts)
)


def picked(source: Path) -> list[str]:
    """The places in a file where a tolerance is given by name, comments and strings left out."""
    with tokenize.open(source) as file:
        tokens = [t for t in tokenize.generate_tokens(file.readline) if t.type == tokenize.NAME and PICKED.fullmatch(t.string)]
    return [f"{source.relative_to(ROOT)}:{t.start[0]}: {t.string}" for t in tokens]


def test_no_tolerance_is_picked_anywhere() -> None:
    assert len(SOURCES) > 40
    assert [place for source in SOURCES for place in picked(source)] == []


def test_a_picked_tolerance_would_be_found(tmp_path: Path) -> None:
    source = ROOT / "tests" / "__init__.py"
    copy = tmp_path / "tolerant.py"
    copy.write_text(source.read_text() + "numpy.allclose(a, b, rtol=1e-3)  # atol\n")
    with tokenize.open(copy) as file:
        found = [t.string for t in tokenize.generate_tokens(file.readline) if PICKED.fullmatch(t.string)]
    assert found == ["allclose", "rtol"]


# --- the run: planted mistakes, bad options, missing frameworks


def run(
    *options: str, plugins: tuple[str, ...] = ("tests.faults",), tests: str | tuple[str, ...] = "tests"
) -> subprocess.CompletedProcess[str]:
    loaded = [part for plugin in plugins for part in ("-p", plugin)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *loaded,
        *options,
        *((tests,) if isinstance(tests, str) else tests),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def red_cells(report: Path) -> tuple[set[str], set[str]]:
    """The ids of the cells that failed, and of all that ran."""
    red, ran = set(), set()
    for test in ET.parse(report).iter("testcase"):
        match = re.fullmatch(r"test_(?:op|model|optimizer|training)\[(.*)\]", test.attrib["name"])
        if match:
            ran.add(match[1])
            if test.find("failure") is not None:
                red.add(match[1])
    return red, ran


VERDICTS = (
    "tests/matrix/test_adapters.py::test_op",
    "tests/matrix/test_models.py::test_model",
    "tests/matrix/test_optimizers.py::test_optimizer",
    "tests/matrix/test_training.py::test_training",
)

# For each mistake: a part of the matrix around it, and which of its cells must turn red.
PLANTED: dict[str, tuple[Selection, Callable[[Cell], bool]]] = {
    "reference_backward": (
        Selection(adapter=("torch",), op=("tanh", "sigmoid", "linear", "mlp", "two_layer"), dtype=("float64",), mode=("eager",)),
        # At 0, where y = 0, the wrong formula happens to be right.
        lambda c: (c.name == "tanh" and c.case_id != "at_zero") or (c.name == "mlp" and c.case_id in ("tanh", "deep")),
    ),
    "adapter_spelling": (
        Selection(adapter=("torch", "jax"), op=("softmax", "relu"), dtype=("float64", "float32"), mode=("eager",)),
        lambda c: c.adapter == "jax" and c.name == "softmax" and c.case_id in ("axis_0", "axis_1_of_3"),
    ),
    "parameter_layout": (
        Selection(adapter=("torch", "jax"), op=("linear", "two_layer", "sgd"), dtype=("float64",), mode=("eager",)),
        lambda c: c.adapter == "torch" and c.name == "two_layer" and c.case_id != "one",
    ),
    "training_loop": (
        Selection(adapter=("torch",), op=("xor", "mlp", "sgd", "two_layer"), dtype=("float32",), mode=("eager",)),
        lambda c: c.kind == "training",
    ),
    "stale_record": (
        Selection(adapter=("torch", "jax"), op=("relu", "tanh"), dtype=("float64", "float32"), mode=("eager",)),
        lambda c: (
            (c.adapter, c.case_id, c.dtype) == ("torch", "generic", "float64")
            or (c.adapter, c.name, c.case_id, c.dtype) == ("jax", "tanh", "generic", "float32")
        ),
    ),
    "moved_record": (
        Selection(adapter=("torch",), op=("relu", "hard_sigmoid"), dtype=("float64",), mode=("eager",)),
        lambda c: (c.name, c.case_id) == ("hard_sigmoid", "generic"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_mistake_turns_the_right_cells_red_and_no_others(fault: str, tmp_path: Path) -> None:
    selection, expected = PLANTED[fault]
    for name in selection.adapter:
        if not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
    cells = [cell for kind in TABLES for cell in selection.cells(kind) if cell.device == "cpu"]
    options = [
        part for name in ("adapter", "op", "dtype", "mode") for value in getattr(selection, name) for part in (f"--{name}", value)
    ]
    report = tmp_path / "report.xml"
    done = run("--plant", fault, "--device", "cpu", "--junitxml", str(report), *options, tests=VERDICTS)
    red, ran = red_cells(report)
    assert ran == {str(cell) for cell in cells}, done.stdout[-3000:]
    assert red == {str(cell) for cell in cells if expected(cell)}
    assert red < ran


def test_a_run_that_selects_no_cell_is_not_green() -> None:
    done = run("--adapter", "torch", "--mode", "jit", tests="tests/matrix/test_adapters.py")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "a run that verified nothing is not green" in done.stdout


def test_a_missing_framework_is_reported_and_fails_only_where_it_is_required() -> None:
    options = ("--adapter", "jax", "--op", "relu", "--dtype", "float64", "--mode", "eager")
    missing = run(*options, plugins=("tests.without_jax",), tests="tests/matrix/test_adapters.py")
    assert "jax is not installed" in missing.stdout
    assert "0 / 0 / 0 / 7" in missing.stdout
    assert missing.returncode == pytest.ExitCode.TESTS_FAILED  # nothing was verified
    required = run(*options, "--require-adapter", "jax", plugins=("tests.without_jax",), tests="tests/matrix/test_adapters.py")
    assert "--require-adapter jax: jax is not installed" in required.stdout
    assert "7 failed" in required.stdout


def test_a_failure_stands_on_its_own_and_its_replay_fails_alone() -> None:
    if not frameworks.installed("torch"):
        pytest.skip("torch is not installed")
    cell = "tanh-generic-torch-float32-cpu-eager"
    done = run(
        "--plant",
        "reference_backward",
        "--op",
        "tanh",
        "--adapter",
        "torch",
        "--mode",
        "eager",
        tests="tests/matrix/test_adapters.py",
    )
    assert "tanh / generic on torch, float32, cpu, eager:" in done.stdout
    for part in (
        r"dx\[\d, \d\]: torch and the reference disagree, in \d+ of 20 elements",
        r"framework   \S+\n",
        r"reference   \S+ in float32, \S+ in float64\n",
        r"numerical   \S+ \+- \S+\n",
        r"odd one out reference: the numerical derivative agrees with the framework\n",
        r"units of rounding spread; 32 are",
        r"Look at reference/activations/tanh\.py\.",
    ):
        assert re.search(part, done.stdout), part
    replay = re.search(rf'replay: python -m pytest "(.*{re.escape(f"[{cell}]")})"', done.stdout)
    assert replay
    again = run("--plant", "reference_backward", tests=replay[1])
    assert "1 failed" in again.stdout
    assert run(tests=replay[1]).returncode == 0
