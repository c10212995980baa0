"""Each module of trust can be the first that is imported, as it is in a worker."""

from __future__ import annotations

import subprocess
import sys

from trust.places import ROOM, ROOT

ONE_BY_ONE = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [each for each in sys.modules if each.partition(".")[0] == "trust"]:
        del sys.modules[known]
    importlib.import_module(name)
"""


def test_each_module_is_imported_alone() -> None:
    files = [file.relative_to(ROOT).with_suffix("") for file in ROOM.rglob("*.py") if "tests" not in file.parts]
    names = [".".join(file.parts) for file in files if file.name not in ("__init__", "__main__")]
    done = subprocess.run([sys.executable, "-c", ONE_BY_ONE, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(names) > 30
