"""A run leaves nothing behind where it may not write: in a read-only checkout it is as green as elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, copy_to

RUN = [
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "--op",
    "relu",
    "tests/reference/test_reference.py",
    "tests/reference/test_bad_input.py",
]
WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""root ignores permissions: a command before the command that takes this right away."""


def green(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout


def test_a_run_without_a_cache_directory_is_green(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    green([*RUN, "-o", f"cache_dir={tmp_path / 'file' / 'cache'}"], ROOT)


def test_a_run_in_a_read_only_checkout_is_green(tmp_path: Path) -> None:
    root = os.geteuid() == 0
    if not shutil.which("git") or (root and not shutil.which("setpriv")):
        pytest.skip("needs git and, where the tests are run by root, setpriv")
    checkout = copy_to(tmp_path / "checkout")
    folders = [checkout, *(path for path in checkout.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        green([*(WITHOUT_PRIVILEGES if root else []), *RUN], checkout)
        assert not (checkout / ".pytest_cache").exists()
    finally:
        for folder in folders:
            folder.chmod(0o755)
