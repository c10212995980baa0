"""The commands that the documents show exist, with their options."""

from __future__ import annotations

import configparser
import importlib.util
import itertools
import os
import re
import subprocess
import sys
import tomllib
from functools import cache

import pytest

from tests.documents.reading import ROOT, commands, documents, text

DOCUMENTS = [document for document in documents() if document != "CHANGELOG.md"]  # it names commands that are gone
SHOWN = sorted({command for document in DOCUMENTS for command in commands(document)})
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
IN_HELP = re.compile(r"^[│ *]*((?:--?[a-z][a-z-]*(?:[, =]+|$))+)", re.MULTILINE)
"""The options at the start of a line of --help; those in what it says about them do not count."""
REFERENCE = "docs/reference/commands.md"
SECTION = re.compile(r"^## `(python -m [^`]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(SECTION.findall(text(REFERENCE)))


def _of(prefix: str) -> list[str]:
    return [command for command in SHOWN if command.startswith(prefix)]


@cache
def environments() -> set[str]:
    """Those of tox.ini; a name with braces stands for several."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    sections = [section.removeprefix("testenv:") for section in tox.sections() if section.startswith("testenv:")]
    return {name for section in sections for part in re.split(r",(?![^{]*\})", section) for name in _expanded(part.strip())}


def _expanded(name: str) -> list[str]:
    """py{311,312}-{a,b} stands for four names."""
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def test_names_in_braces_stand_for_several() -> None:
    assert _expanded("py{311,312}-numpy{20,new}") == ["py311-numpy20", "py311-numpynew", "py312-numpy20", "py312-numpynew"]
    assert _expanded("docs") == ["docs"]


@pytest.mark.parametrize("command", _of("python -m tox"))
def test_an_environment_of_tox_exists(command: str) -> None:
    named = {name for group in re.findall(r"-e (\S+)", command) for name in group.split(",")}
    assert named <= environments()


@pytest.mark.parametrize("command", _of("python -m pip install"))
def test_an_extra_exists(command: str) -> None:
    extras = tomllib.loads(text("pyproject.toml"))["project"]["optional-dependencies"]
    assert {extra for group in re.findall(r"\[([\w,]+)\]", command) for extra in group.split(",")} <= extras.keys()
    assert all((ROOT / file).exists() for file in re.findall(r"-c (\S+)", command))


@pytest.mark.parametrize("command", _of("python -m pytest"))
def test_what_pytest_is_asked_for_exists(command: str) -> None:
    words = [word.strip('"') for word in command.split()]
    files = [word.partition("::")[0] for word in words if word.startswith(("tests", "benchmarks", "lessons", "trust"))]
    assert all((ROOT / file).exists() for file in files)
    room = " benchmarks" if "benchmarks" in command else ""
    assert set(OPTION.findall(command)) <= _options(f"python -m pytest{room}")


OTHERS = [c for c in _of("python -m ") if c.split()[2] not in ("tox", "pip", "pytest", "mkdocs", "dask")]


@pytest.mark.parametrize("command", OTHERS)
def test_a_module_takes_the_options_that_are_shown(command: str) -> None:
    module = command.split()[2]
    if module.endswith("..."):
        return
    assert _is_there(module), command
    described = [section for section in SECTIONS if f"{command} ".startswith(f"{section} ")]
    assert set(OPTION.findall(command)) <= _options(max(described, key=len, default=f"python -m {module}"))


def _is_there(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


SCRIPTS = [c for c in SHOWN if not c.startswith("python -m ") and not c.endswith(("check_mine.py", "example.py"))]


@pytest.mark.parametrize("command", SCRIPTS)
def test_a_script_exists(command: str) -> None:
    assert (ROOT / command.split()[1]).exists()


@pytest.mark.parametrize("command", SECTIONS)
def test_the_page_of_commands_names_every_option_and_no_other(command: str) -> None:
    named = set(OPTION.findall("".join(re.findall(r"^\| (`--.*?) \|", SECTIONS[command], re.MULTILINE))))
    one_of_its_group = {"python -m pytest": "--require-adapter", "python -m pytest benchmarks": "--peer"}.get(command, "")
    assert named == _options(command, one_of_its_group) - {"--help"}


@cache
def _options(command: str, one: str = "") -> set[str]:
    """The options that a command's --help shows; of pytest's, those of the group that has this one."""
    if "benchmarks" in command and importlib.util.find_spec("pytest_benchmark") is None:
        pytest.skip("pytest-benchmark is not installed (extra: bench)")
    arguments = [sys.executable, *command.split()[1:], "--help"]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    if "pip install" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    if not one:
        return set(OPTION.findall(" ".join(IN_HELP.findall(done.stdout))))
    (group,) = (part for part in done.stdout.split("\n\n") if f"  {one}" in part)
    return set(OPTION.findall(" ".join(IN_HELP.findall(group))))
