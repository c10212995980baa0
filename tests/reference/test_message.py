"""A failure of tests/reference/test_reference.py names op and case, tells the verdict and how to
replay it, and hides the engine.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PLANT = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.faults", "--plant", "reference_backward")
TEST = "tests/reference/test_reference.py::test_backward_is_the_derivative_of_forward[tanh-generic]"


@pytest.fixture(scope="module")
def failure() -> list[str]:
    done = subprocess.run([*PLANT, TEST], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    lines = done.stdout.splitlines()
    return lines[lines.index(next(line for line in lines if "FAILURES" in line)) + 2 : -3]


def test_it_names_op_and_case_and_tells_the_verdict(failure: list[str]) -> None:
    assert failure[0] == "tanh / generic: Disagreement"
    assert re.fullmatch(r"dx\[\d, \d\] is wrong, as 20 of 20 elements are", failure[1])
    assert [line.split()[0] for line in failure[2:]] == ["got", "truth", "difference", "allowance", "that", "replay:"]


def test_its_replay_fails_alone(failure: list[str]) -> None:
    assert failure[-1] == f'replay: python -m pytest "{TEST}"'


def test_the_engine_is_not_printed(failure: list[str]) -> None:
    assert len(failure) == 8
    assert not [line for line in failure if "gradwitness/" in line]
