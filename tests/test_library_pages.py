"""Pages of libraries go back to the system, and the process goes on as if nothing had happened."""

import json
import subprocess
import sys

import pytest

from conformance.library_pages import MAPS
from gradwitness import frameworks
from tests.checkout import ROOT

PROGRAM = """
import json
import torch
from conformance.library_pages import drop_library_pages
from conformance.release import files, size
def gradient():
    x = torch.arange(6.0, requires_grad=True)
    (x.tanh() @ x).backward()
    return x.grad.tolist()
first, before, own = gradient(), files(), size()
dropped = drop_library_pages()
print(json.dumps({"before": before, "after": files(), "dropped": dropped, "grown": size() - own, "same": gradient() == first}))
"""


@pytest.mark.skipif(not MAPS.exists(), reason="the system has no /proc/self/smaps")
def test_library_pages_go_and_come_back() -> None:
    if not frameworks.installed("torch"):
        pytest.skip("torch is not installed")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert seen["dropped"] > 0
    assert seen["after"] < seen["before"] / 2
    assert seen["grown"] < 10 * 2**20
    assert seen["same"]
