"""The lesson on a broken backward: what it plants, asks and says, for an op and for a file of the reader's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.rewriting.mutation import mutations
from lessons.broken import measured, quiz
from lessons.broken.app import app
from lessons.broken.mistakes import WORDS, Mistake, named
from lessons.broken.target import of_op
from lessons.tests.command import run_command
from reference import OPS

MINE = """
import numpy as np


def forward(x, weight):
    h = np.tanh(x @ weight)
    return h, (x, weight, h)


def backward(dout, cache):
    x, weight, h = cache
    da = dout * (1 - h**2)
    return da @ weight.T, x.T @ da


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 4)), rng.normal(size=(4, 3))
"""
DERIVATIVE = 12
"""The line of MINE with the derivative of tanh."""


def test_a_lesson_on_an_op_names_the_mistake_and_who_finds_it(tmp_path: Path) -> None:
    before = OPS["relu"].backward.__code__  # type: ignore[attr-defined]
    code, printed = run_command(app, "relu", "--mistake", "missing factor 1", "--rate", 0.3, output=tmp_path / "a.png")
    assert code == 0
    assert "The mistake: the derivative of the function is forgotten" in printed
    assert "reference/activations/relu.py, line 34 - dout * (x > 0) + dout" in printed
    assert "the loss does it go down? goes down goes down" in printed
    assert "gradwitness.check: dx is wrong: 12 of 20 elements." in printed
    assert (tmp_path / "a.png").stat().st_size > 0
    assert OPS["relu"].backward.__code__ is before  # type: ignore[attr-defined]


def test_the_mistakes_are_listed_and_nothing_is_trained(tmp_path: Path) -> None:
    code, printed = run_command(app, "relu", "--list", output=tmp_path / "a.png")
    assert code == 0
    assert "missing factor 1 dout * (x > 0) -> dout" in printed
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["sofmax"], "'sofmax' came; wanted mine.py:12, or one of relu,"),
        (["relu", "--mistake", "nonsense"], "'nonsense' came; wanted one of missing factor 1,"),
        (["flatten"], "nothing in the backward of flatten can be broken"),
        (["relu", "--rate", "0"], "wanted a finite number above 0"),
        (["no_such_file.py:3"], "there is no file no_such_file.py"),
    ],
)
def test_what_cannot_be_broken_is_named(options: list[str], said: str, tmp_path: Path) -> None:
    code, printed = run_command(app, *options, output=tmp_path / "a.png")
    assert code == 2
    assert said in printed


def test_a_line_of_ones_own_file_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "mine_broken.py"
    file.write_text(MINE)
    place = f"{file}:{DERIVATIVE}"
    code, printed = run_command(app, place, "--rate", 3, "--mistake", "missing factor 1", output=tmp_path / "a.png")
    assert code == 0
    assert f"mine_broken.py, line {DERIVATIVE} - dout * (1 - h ** 2) + dout" in printed
    assert "The derivative of a last activation is missing" in printed
    code, printed = run_command(app, f"{file}:4", output=tmp_path / "a.png")
    assert code == 2
    assert "lines that can are 6, 12, 13" in printed
    code, printed = run_command(app, place, "--backward", "back", output=tmp_path / "a.png")
    assert code == 2
    assert "has no function back; it has forward, backward, inputs" in printed


def test_a_backward_that_is_wrong_already_is_not_broken_again(tmp_path: Path) -> None:
    file = tmp_path / "mine_wrong.py"
    file.write_text(MINE.replace("1 - h**2", "1 - h"))
    code, printed = run_command(app, file, output=tmp_path / "a.png")
    assert code == 1
    assert "backward is wrong before anything is planted. gradwitness.check says: dx is wrong" in printed


def test_every_kind_of_mistake_has_words() -> None:
    functions = {op.backward for op in OPS.values()} | {op.forward for op in OPS.values()}
    assert {m.label for f in functions for m in mutations(f)} - set(WORDS) == set()  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["a", " A "])
def test_a_guess_is_right_or_not(typed: str) -> None:
    said: list[str] = []
    assert quiz.guess("Which?", ["A", "B"], "A", lambda _: typed, said.append)
    assert not quiz.guess("Which?", ["A", "B"], "B", lambda _: typed, said.append)
    assert said == ["Right.", "No: it is B."]


def test_what_is_no_choice_is_asked_again_and_enter_skips() -> None:
    typed, said = iter(["C", ""]), list[str]()
    assert quiz.guess("Which?", ["A", "B"], "A", lambda _: next(typed), said.append) is None
    assert said == ["'C' is none of A, B."]


def test_the_choices_hold_what_is_wrong_and_the_letters_what_is_broken() -> None:
    mistakes = of_op("layer_norm").mistakes
    for seed in range(5):
        words = quiz.choices(mistakes[0], mistakes, seed)
        assert words.count(mistakes[0].words) == 1
        assert len(set(words)) == len(words) == quiz.CHOICES
        said: list[str] = []
        answers = iter(["AB"[quiz.order(seed).index("broken")], "ABCD"[words.index(mistakes[0].words)]])
        quiz.ask_both(mistakes[0], mistakes, seed, lambda _, answers=answers: next(answers), said.append)  # type: ignore[misc]
        assert said.count("Right.") == 2
    assert len({quiz.order(seed) for seed in range(10)}) == 2


def test_the_end_of_the_input_ends_the_questions() -> None:
    def ended(_: str) -> str:
        raise EOFError

    mistakes = of_op("relu").mistakes
    quiz.ask_both(mistakes[0], mistakes, 0, ended, lambda _: None)


def test_a_kind_or_a_name_chooses() -> None:
    mistakes = of_op("relu").mistakes
    assert [m.name for m in named(mistakes, "missing factor")] == ["missing factor 1", "missing factor 2"]
    assert [m.words for m in named(mistakes, "missing factor 2")] == ["the gradient from above is forgotten"]
    assert isinstance(mistakes[0], Mistake)


def test_the_last_sentences_are_what_was_measured() -> None:
    found = json.loads(measured.FILE.read_text())
    assert found["all"]["wrong gradients"] >= 300
    printed = " ".join(measured.over_all())
    assert f"{found['all']['wrong gradients']:,} wrong gradients in 91 ops were trained so." in printed
    assert f"With {found['all']['down']:,} (" in printed


def test_help_says_what_ends_with_which_status() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "Exit status" in result.output
