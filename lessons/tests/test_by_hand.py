"""`python -m lessons.step --by-hand`: what is typed is judged by its own digits, and every way out is clean."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lessons.step.app import app
from lessons.step.by_hand import judged
from lessons.step.groups import groups
from lessons.step.lines import Line
from lessons.step.network import Setting, step

SIGMOID = Line("p", "1 / (1 + exp(0.15))", 0.46257015465625045)


def answers(setting: Setting, digits: int) -> str:
    """Every answer, rounded to so many significant digits, one a line."""
    return "".join(f"{line.value:#.{digits}g}\n" for group in groups(setting, step(setting)) for line in group.lines)


@pytest.mark.parametrize(
    "typed", ["0.46", ".46", "0.463", "0,463", "0.4626", "0.462570154656", "0.46257015465625045", "4.6e-1", "+0.46"]
)
def test_a_value_rounded_to_the_digits_that_were_typed_is_right(typed: str) -> None:
    right, words = judged(typed, SIGMOID)
    assert right
    assert words.startswith("Right")


@pytest.mark.parametrize(
    "typed", ["0.47", "0.45", "0.460", "0.462", "0.4625", "0.46258", "-0.46", "46", "0.462570154657", "0.54"]
)
def test_any_other_number_is_wrong(typed: str) -> None:
    right, words = judged(typed, SIGMOID)
    assert not right
    assert "It is 0.46257 = 1 / (1 + exp(0.15))" in words


@pytest.mark.parametrize("typed", ["0.5", "0", "4e-1", "5e-1"])
def test_too_few_digits_to_tell_are_asked_for_again(typed: str) -> None:
    if typed == "4e-1":
        assert not judged(typed, SIGMOID)[0]
        return
    with pytest.raises(ValueError, match="too few digits"):
        judged(typed, SIGMOID)


@pytest.mark.parametrize("typed", ["", "abc", "0.4.6", "nan", "inf", "1/2"])
def test_what_is_no_number_is_asked_for_again(typed: str) -> None:
    with pytest.raises(ValueError, match=r"Type"):
        judged(typed, SIGMOID)


@pytest.mark.parametrize(
    ("value", "typed"), [(0.0, "0"), (0.0, "-0"), (0.3, "0.3"), (0.7 - 0.4, "0.3"), (0.1 + 0.2, "0.30"), (2.0, "2")]
)
def test_an_exact_answer_may_be_short(value: float, typed: str) -> None:
    assert judged(typed, Line("a", "", value)) == (True, "Right.")


@pytest.mark.parametrize(
    ("value", "typed"), [(0.125, "0.12"), (0.125, "0.13"), (0.35, "0.350"), (0.285, "0.28"), (0.285, "0.29")]
)
def test_half_a_digit_may_be_rounded_either_way(value: float, typed: str) -> None:
    assert judged(typed, Line("a", "", value))[0]


def test_what_usual_mistakes_give_is_explained() -> None:
    lines = {line.name: line for group in groups(Setting(), step(Setting())) for line in group.lines}
    for name, typed, words in (
        ("dz", "-2.162", "The derivative of sigmoid, p (1 - p), is missing."),
        ("dh[1]", "0.43", "The derivative of relu is missing: it is 0 where h is negative."),
        ("h[2]", "1.5", "The bias is missing."),
        ("da[2]", "-1.182", "That is dz a[j]."),
        ("dW2[2]", "0.2687", "That is dz W2[j]."),
        ("new W1[2,2]", "0.6687", "That goes up the loss: subtract."),
        ("new W1[2,2]", "-0.1374", "The rate is missing."),
        ("dp", "2.162", "The sign is wrong."),
        ("p", "0.4627", "Nearly: the last digit is off."),
    ):
        right, said = judged(typed, lines[name])
        assert not right, name
        assert words in said
    squared = {line.name: line for group in groups(Setting(loss="mse"), step(Setting(loss="mse"))) for line in group.lines}
    assert "The factor 2 is missing" in judged(f"{squared['dp'].value / 2:.4f}", squared["dp"])[1]


@pytest.mark.parametrize("digits", [2, 4, 8])
@pytest.mark.parametrize("setting", [Setting(), Setting(hidden=2, loss="mse", seed=3)], ids=str)
def test_whoever_rounds_right_gets_all_of_it(setting: Setting, digits: int) -> None:
    options = ["--by-hand", "--hidden", str(setting.hidden), "--loss", setting.loss, "--seed", str(setting.seed)]
    result = CliRunner().invoke(app, options, input=answers(setting, digits))
    total = answers(setting, digits).count("\n")
    assert result.exit_code == 0
    assert f"{total} of {total} right at the first try.\n" in result.output


def test_the_end_of_input_and_empty_lines_are_clean() -> None:
    result = CliRunner().invoke(app, ["--by-hand"], input="-0.2\n\nnonsense\n0.31\n")
    assert result.exit_code == 0
    assert "It is 2.2 = 1 · 0.7 + 2 · 0.4 + 0.7" in result.output
    assert "That is no number." in result.output
    assert "1 of 3 right at the first try; 42 were not asked." in result.output


def test_an_interrupt_ends_with_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["-0.2", "2.2"])

    def answer(*_: object, **__: object) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(Console, "input", answer)
    result = CliRunner().invoke(app, ["--by-hand"])
    assert result.exit_code == 0
    assert "2 of 2 right at the first try; 43 were not asked." in result.output


def test_it_works_with_a_pipe_and_needs_no_framework() -> None:
    code = (
        "import runpy, sys; sys.modules.update(dict.fromkeys(['torch', 'tensorflow', 'jax'])); sys.argv = ['step', '--by-hand']\n"
    )
    code += "runpy.run_module('lessons.step', run_name='__main__', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=answers(Setting(), 4),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "45 of 45 right at the first try." in done.stdout
    assert "p = 0.4626\n      Right, rounded to that many digits: 0.46257." in done.stdout
