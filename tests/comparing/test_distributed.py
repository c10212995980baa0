"""The data-parallel examples of docs/how-to/compare.md, each in a process of its own: they set up devices and groups."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradwitness import frameworks
from tests.documents.reading import ROOT, Block, blocks

EXAMPLES = {
    block.text.partition("\n")[0].removeprefix("# parallel_").removesuffix(".py"): block
    for block in blocks("docs/how-to/compare.md")
    if block.text.startswith("# parallel_")
}


def test_there_is_one_for_each_framework() -> None:
    assert EXAMPLES.keys() == {"torch", "tensorflow", "jax"}


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items(), ids=EXAMPLES)
def test_it_prints_what_is_shown_below_it(name: str, example: Block, tmp_path: Path) -> None:
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    script = tmp_path / f"parallel_{name}.py"
    script.write_text(example.text)
    own = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, env=own, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == example.output
