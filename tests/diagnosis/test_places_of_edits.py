"""The compiler wants the place in the file of each node: an edit whose nodes lack it would be lost."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gradwitness.diagnosis.edits.expressions import expressions
from gradwitness.diagnosis.edits.running import watched
from gradwitness.diagnosis.edits.sites import sites
from gradwitness.diagnosis.edits.source import source_of
from gradwitness.diagnosis.edits.statements import statements

FACTOR = 3.0


def layers(dout: Any, x: Any) -> Any:
    total = np.zeros_like(x)
    for k in range(2):
        total[k] += dout[k] * (1 - x[k]) / FACTOR
        total = total + np.where(x > 0, dout @ x.T, -x) * k**2
    less = lambda y: y - total.sum(axis=0, keepdims=True)  # noqa: E731 - a lambda is a definition, too
    return total, less(x)


def test_no_edit_is_lost_for_want_of_its_place() -> None:
    x = np.arange(4.0).reshape(2, 2)
    ((code, run),) = ((code, run) for code, run in watched(lambda: layers(x, x)).items() if code.co_name == "layers")
    source = source_of(code, [code])
    assert source is not None
    tried = [edit for site in sites(source.inner, run.lines) for rule in (expressions, statements) for edit in rule(site)]
    assert len(tried) > 40
    for edit in tried:
        edit.apply()
        compiled = source.compiled()
        ast.fix_missing_locations(source.definition)
        again = source.compiled()
        edit.undo()
        assert (compiled is None) == (again is None), edit


def test_lambdas_in_one_line_are_told_apart() -> None:
    outer, other = lambda x: sorted(x, key=lambda y: -y), lambda z: (z, 2.0)
    codes = [code for code in watched(lambda: (outer([1.0]), other(3.0))) if code.co_name == "<lambda>"]
    sources = {code.co_varnames: source_of(code, codes) for code in codes}
    texts = {names: source and ast.unparse(source.inner) for names, source in sources.items() if names}
    assert texts == {("x",): "lambda x: sorted(x, key=lambda y: -y)", ("y",): "lambda y: -y", ("z",): "lambda z: (z, 2.0)"}
