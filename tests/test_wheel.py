"""What is installed: one package with types, and the reference and the adapters inside it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from adapters import NAMES
from gradwitness import frameworks
from reference import OPS


@pytest.fixture
def wheel() -> Distribution:
    try:
        found = distribution("gradwitness")
    except PackageNotFoundError:
        pytest.skip("gradwitness is not installed here: this run uses the checkout alone (tox installs the wheel)")
    if not any(str(file) == "gradwitness/__init__.py" for file in found.files or []):
        pytest.skip("gradwitness is installed in editable mode: there is no wheel to look at")
    return found


def elsewhere(program: str, tmp_path: Path) -> str:
    """What a program prints outside the checkout."""
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_it_takes_one_name_in_site_packages(wheel: Distribution) -> None:
    names = {Path(str(file)).parts[0] for file in wheel.files or []}
    assert {name for name in names if not name.endswith(".dist-info")} == {"gradwitness"}


def test_it_is_typed(wheel: Distribution) -> None:
    assert "gradwitness/py.typed" in {str(file) for file in wheel.files or []}


@pytest.mark.usefixtures("wheel")
def test_the_reference_is_inside(tmp_path: Path) -> None:
    assert elsewhere("from gradwitness.reference import OPS; print(len(OPS))", tmp_path) == str(len(OPS))


@pytest.mark.usefixtures("wheel")
@pytest.mark.parametrize("name", NAMES)
def test_layouts_and_conventions_are_inside(name: str, tmp_path: Path) -> None:
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    program = f"from gradwitness import adapters; a = adapters.load({name!r}); print(len(a.ops), a.package, 'lstm' in a.layouts)"
    assert elsewhere(program, tmp_path) == f"{len(OPS)} gradwitness.adapters.{name} True"
