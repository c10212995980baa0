"""docs/why-frameworks.md says what stored results and counts say today."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.documents.reading import ROOT, text

for needed in ("jinja2", "matplotlib", "rich"):
    pytest.importorskip(needed, reason="the page is written with the extra bench")

SCRIPT = ROOT / "docs" / "figures" / "why_frameworks.py"
PAGE = "docs/why-frameworks.md"


def checked() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)


def test_the_page_is_what_its_sources_say() -> None:
    done = checked()
    assert done.returncode == 0, done.stderr


def test_the_page_claims_nothing_of_a_gpu_that_was_not_measured() -> None:
    gpus = [*(ROOT / "benchmarks" / "results").glob("*_gpu.json")]
    assert ("Not measured on a GPU yet." in text(PAGE)) is (not gpus)


def test_its_figures_are_there() -> None:
    for figure in ("why-cpu-time.png", "why-cpu-crossover.png"):
        assert f"(figures/{figure})" in text(PAGE)
        assert 10_000 < (ROOT / "docs" / "figures" / figure).stat().st_size < 150_000
