"""Lines are counted as a reader would count them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import adapters
import reference
from lessons.lines.app import app, words
from lessons.lines.count import counted, derivation, lines, together
from lessons.lines.source import Function, reached

HELPER = '''
"""A file."""
SHARED = 1


def helper(x):
    # a comment

    return x + SHARED
'''
OP = '''
"""An op.

Derivation.  By the chain rule

    dx = dout

Shapes: x (N,).
"""
from . import other
from .other import helper as renamed


def forward(x):
    return renamed(x), None


def backward(dout, cache):
    """dout -> dx."""
    first = other.helper(
        dout,
    )
    return only(first)


def only(x):
    def inner(y):
        return y

    return inner(x)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "other.py").write_text(HELPER)
    (tmp_path / "op.py").write_text(OP)
    return tmp_path


def test_a_line_with_code_is_counted_and_nothing_else(folder: Path) -> None:
    assert Function(folder / "other.py", "helper").lines == ["    return x + SHARED"]
    assert len(Function(folder / "op.py", "backward").lines) == 4
    assert len(Function(folder / "op.py", "only").lines) == 3


def test_what_is_called_is_found_under_any_name(folder: Path) -> None:
    forward, backward, only = (Function(folder / "op.py", name) for name in ("forward", "backward", "only"))
    helper = Function(folder / "other.py", "helper")
    assert reached([forward]) == {forward, helper}
    assert reached([backward]) == {backward, only, helper}


def test_a_derivation_ends_where_the_shapes_begin() -> None:
    assert derivation(OP) == ["Derivation.  By the chain rule", "    dx = dout"]


def test_every_op_is_derived_and_spelled_everywhere() -> None:
    for name in reference.OPS:
        op = counted(name)
        assert op.derivation, name
        assert lines(op.backward), name
        assert set(op.spelling) == set(adapters.NAMES), name
        assert not op.backward & op.forward, name


def test_what_ops_share_is_counted_once_in_a_sum() -> None:
    norms = [counted("layer_norm"), counted("instance_norm")]
    shared = norms[0].backward & norms[1].backward
    assert shared
    assert together(norms) == sum(lines(op.backward) for op in norms) - lines(shared)


def test_the_sentences_have_the_numbers_of_the_table() -> None:
    ops = [counted("relu"), counted("lstm")]
    total = sum(len(op.derivation) for op in ops)
    assert words(ops)[0].startswith(
        f"For 2 ops a person derives and writes {total} + {together(ops)} = {total + together(ops)} lines"
    )
    assert f"that of lstm, with {lines(ops[1].backward)} lines" in words(ops)[1]


def test_the_lesson_prints_families_ops_and_lines() -> None:
    families = CliRunner().invoke(app, [])
    assert families.exit_code == 0
    assert all(family in families.output for family in ("activations", "losses", "layers", "all"))
    assert "layer_norm" in CliRunner().invoke(app, ["--each"]).output
    shown = CliRunner().invoke(app, ["--op", "linear"]).output
    assert "def backward(dout: Array" in shown
    assert "in jax, 1 line; backward comes with it" in shown
    refused = CliRunner().invoke(app, ["--op", "relo"])
    assert refused.exit_code == 2
    assert "'relo' came; wanted one of relu" in " ".join(refused.output.replace("│", " ").split())
