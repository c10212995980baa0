"""A process that runs the matrix stays small: what was compiled for one cell is not there for ever."""

import re
import subprocess
import sys

import pytest

import adapters
from conformance.size import peak_megabytes
from gradwitness import frameworks
from tests.checkout import ROOT

LIMIT = 1500
"""Megabytes. Importing PyTorch, TensorFlow and JAX takes 1,060 of them, half of which are files that processes share."""
CELLS = ("tests/matrix/test_models.py::test_model", "--op", "mlp", "-k", "deep", "--mode", "eager")
"""Eagerly, JAX compiles some 350 programs for these. Kept, they would take 500 megabytes."""


@pytest.mark.skipif(not peak_megabytes(), reason="the system does not say in /proc how much memory a process has taken")
def test_a_process_with_every_framework_stays_below_the_limit() -> None:
    for name in adapters.NAMES:
        if not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", *CELLS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    peak = re.search(r"peak memory of this process: ([\d,]+) MB", done.stdout)
    assert peak, done.stdout[-3000:]
    assert int(peak[1].replace(",", "")) < LIMIT
