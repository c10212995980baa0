"""How lessons start: they are listed, and a missing extra is named before any work is done."""

import subprocess
import sys
from pathlib import Path

import pytest

from lessons.__main__ import NAMES

ROOT = Path(__file__).parents[2]


def start(*arguments: str, hidden: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`python -m ARGUMENTS`, where the hidden modules are not installed."""
    code = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({hidden!r})); sys.argv = {list(arguments)!r}\n"
        f"runpy.run_module({arguments[0]!r}, run_name='__main__', alter_sys=True)"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [(), ("--help",)])
def test_every_lesson_is_listed(options: tuple[str, ...]) -> None:
    run = start("lessons", *options, hidden=("matplotlib", "rich", "sklearn", "typer"))
    assert run.returncode == 0
    for name in NAMES:
        (line,) = [line for line in run.stdout.splitlines() if line.split()[:3] == ["python", "-m", f"lessons.{name}"]]
        assert line.endswith(".")
        assert len(line) <= 130


def test_what_is_listed_is_what_there_is() -> None:
    assert {f"lessons/{name}/__main__.py" for name in NAMES} == {
        str(path.relative_to(ROOT)) for path in ROOT.glob("lessons/*/__main__.py")
    }


def test_an_unknown_argument_is_refused() -> None:
    run = start("lessons", "xor")
    assert run.returncode == 2
    assert "unrecognized arguments: xor" in run.stderr


@pytest.mark.parametrize(
    ("command", "module", "wanted"),
    [
        (("lessons.train", "mlp"), "matplotlib", "matplotlib for figures"),
        (("lessons.train", "mlp"), "sklearn", "scikit-learn for its digits"),
        (("lessons.train", "mlp"), "typer", "typer"),
        (("lessons.step",), "matplotlib", "matplotlib for figures"),
        (("lessons.rates",), "sklearn", "scikit-learn for its digits"),
        (("lessons.broken", "relu"), "sklearn", "scikit-learn for its digits"),
        (("lessons.xor",), "matplotlib", "matplotlib for figures"),
        (("lessons.parting", "resnet"), "sklearn", "scikit-learn for its digits"),
        (("lessons.settings",), "rich", "rich"),
    ],
)
def test_a_missing_extra_is_one_sentence_before_any_work(command: tuple[str, ...], module: str, wanted: str) -> None:
    run = start(*command, hidden=(module,))
    assert run.returncode == 1
    assert run.stdout == ""
    needs = f"python -m {command[0]} needs {wanted}, which is not installed: python -m pip install '.[lessons]'\n"
    assert run.stderr == needs


def test_a_framework_that_a_lesson_cannot_do_without_is_named_with_its_own_extra() -> None:
    run = start("lessons.parting", "resnet", "--adapter", "jax", hidden=("jax",))
    assert run.returncode == 1
    assert run.stderr == "python -m lessons.parting needs jax, which is not installed: python -m pip install '.[jax]'\n"
