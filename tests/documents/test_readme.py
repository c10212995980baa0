"""README.md: short, one picture, and its figures are those that were measured."""

from __future__ import annotations

import json
import re
import runpy
import sys
import tomllib
from types import SimpleNamespace

import pytest

from gradwitness import __version__
from tests.documents.reading import ROOT, text

README = text("README.md")
LINES = 150
RULES = ("Gradwitness, all three", "PyTorch gradcheck", "JAX check_vjp, float64", "TensorFlow compute_gradient, float64")
CLOSE = "torch.testing.assert_close, float64"
"""The columns of the table of tools that were measured, as trust/results/peers.json names them."""


def test_it_is_short_and_has_one_picture() -> None:
    assert len(README.splitlines()) <= LINES
    assert len(re.findall(r"!\[", README)) == 1


@pytest.mark.parametrize("command", ["python -m tox run -e verify", "python -m tox run"])
def test_it_gives_the_two_commands(command: str) -> None:
    assert f"python -m pip install tox && {command} " in README


def _row(name: str) -> list[str]:
    (row,) = (line for line in README.splitlines() if line.startswith(f"| {name}"))
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_its_table_of_tools_says_what_was_measured() -> None:
    measured = json.loads(text("trust/results/peers.json"))
    rules = [measured["rules"][name] for name in RULES]
    close = measured["rules"][CLOSE]
    killed = [f"{rule['killed']:,}" for rule in rules]
    asked = close["killed"] + close["missed"]
    assert f"of {measured['corpus']['live']:,}" in README
    assert _row("wrong gradients caught") == [*killed, "not measured", f"{close['killed']:,} of {asked:,}"]
    alarms = [f"{rule['false alarms']:,} of {rule['right pairs asked']:,}" for rule in (*rules, close)]
    assert _row("false alarms") == [*alarms[:-1], "not measured", alarms[-1]]


def test_its_table_of_versions_is_that_of_the_constraints() -> None:
    pins = dict(line.split("==") for line in text("constraints.txt").splitlines() if "==" in line)
    tested = " ".join(line for line in README.splitlines() if "pip install" in line)
    for name in ("numpy", "torch", "tensorflow", "keras", "jax", "flax", "optax"):
        assert pins[name] in tested, name


def test_the_picture_says_what_was_measured() -> None:
    numbers = json.loads(text("docs/figures/agreement.json"))
    assert f"{len(numbers['honest'])} honest results" in README
    assert f"1 part in {1 / numbers['mistake']:,.0f}" in README
    assert f"limit of {numbers['limit']:g}" in README


def test_on_a_package_index_nothing_leads_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    interface = SimpleNamespace(MetadataHookInterface=object)  # hatchling is there while a wheel is built
    monkeypatch.setitem(sys.modules, "hatchling.metadata.plugin.interface", interface)
    shown = runpy.run_path(str(ROOT / "hatch_build.py"))["without_links_to_files"](README)
    assert re.findall(r"\]\((?!https?:)[^)]*\)", shown) == []
    assert "agreement.svg" not in shown
    assert "Tutorial (`docs/tutorial.md`)" in shown


def test_one_version_everywhere() -> None:
    assert f"version: {__version__}\n" in text("CITATION.cff")
    assert f"[Unreleased]: {__version__.partition('.dev')[0]}" in text("CHANGELOG.md")
    assert "version" in tomllib.loads(text("pyproject.toml"))["project"]["dynamic"]
