"""Edits that add a product of two vectors to the gradient of a matrix: what flows back through the residual of least squares."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.names import Shape
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables, assigned, returned_by

MOST = 60
"""Products that are tried for a matrix."""


def outers(variables: Variables, site: Site, numpy: str) -> Iterator[Edit]:
    """A term u v^T more in a matrix that is wrong. u may be a residual b - A x, and v what solves with A: pinv(A) u."""
    if not numpy:
        return
    shaped = [(variables.shapes.get(target), value, made) for target, value, made in assigned(site)]
    shaped += [(shape, value, made) for value, made in returned_by(site) for shape in variables.returned]
    for shape, value, made in shaped:
        if shape is None or len(shape) != 2 or shape not in variables.returned:
            continue
        for term, words in _terms(variables, shape, numpy)[:MOST]:
            for op in (ast.Add(), ast.Sub()):
                yield Edit(site, made(ast.BinOp(value, op, loaded(term))), "term", words)


def _terms(variables: Variables, shape: Shape, numpy: str) -> list[tuple[str, str]]:
    """Products of a left and a right factor, those with a residual first: where it is left out, it is at hand nowhere."""
    rows, columns = shape
    found = []
    for width in (None, *dict.fromkeys(own[1] for own in variables.shapes.values() if len(own) == 2)):
        tall, wide = ((rows,), (columns,)) if width is None else ((rows, width), (columns, width))
        left, residuals = _of(variables, tall), _residuals(variables, shape, tall, wide)
        right = _of(variables, wide)
        right += [f"{numpy}.linalg.pinv({a}) @ {u}" for a in _of(variables, shape) for u in left]
        for u in [*residuals, *left]:
            words = f"a term is missing, that through the residual {u}" if u in residuals else "a term is missing"
            found += [(f"{numpy}.outer({u}, {v})" if width is None else f"({u}) @ ({v}).T", words) for v in right]
    return found


def _of(variables: Variables, shape: Shape) -> list[str]:
    return [name for name, own in variables.shapes.items() if own == shape and name != "_"]


def _residuals(variables: Variables, shape: Shape, tall: Shape, wide: Shape) -> Sequence[str]:
    return [f"{b} - {a} @ {x}" for b in _of(variables, tall) for a in _of(variables, shape) for x in _of(variables, wide)]
