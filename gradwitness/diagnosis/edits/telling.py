"""An edit in words: the line, what is wrong with it, and below it the lines that go (-) and that come (+)."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from gradwitness.diagnosis.edits.sites import Edit
from gradwitness.diagnosis.edits.source import Source


def told(source: Source, edit: Edit) -> str:
    """Of an edit in a source."""
    lines = changed(edit)
    agrees = "This agrees:" if any(line.startswith("+") for line in lines) else "Without it all agrees:"
    said = place(source, edit)
    return "\n".join([f"{said[0].upper()}{said[1:]}: {edit.words}. {agrees}", *lines])


def place(source: Source, edit: Edit) -> str:
    """The line, and the file."""
    site = edit.site
    line = site.statement.lineno if isinstance(edit.replacement, list) else getattr(site.node, "lineno", site.statement.lineno)
    return f"line {line} of {source.place}"


def changed(edit: Edit) -> list[str]:
    """The lines that go (-), those that come (+), and those between them."""
    site = edit.site
    alone = isinstance(site.statement, ast.Lambda) and isinstance(site.node, ast.AST)
    before = _lines(site.node if alone or isinstance(site.node, list) else site.statement)
    was = _all_lines(site.node) if isinstance(site.node, list) else []
    values = _returned(site.statement)
    edit.apply()
    try:
        whole = isinstance(site.node, (ast.stmt, list))
        after = _lines(edit.replacement if alone or whole else site.statement)
        others = _returned(edit.replacement if whole else site.statement)
        now = _all_lines(edit.replacement) if isinstance(site.node, list) and isinstance(edit.replacement, list) else []
    finally:
        edit.undo()
    if now and (len(before) != len(after) or before == after):  # what is inside of a statement changes
        return _between(was, now)
    target, _, value = after[0].partition(" = ")
    if isinstance(edit.replacement, ast.Pass) or target == value:
        return [f"- {before[0]}"]
    if values and len(values) == len(others):  # of several gradients those that change
        pairs = [(one, other) for one, other in zip(values, others, strict=True) if one != other]
        before, after = [one for one, _ in pairs], [other for _, other in pairs]
    if isinstance(edit.replacement, list) or len(before) == len(after) > 1:
        pairs = list(zip_longest(before, after))
        while isinstance(site.node, list) and pairs[0][0] == pairs[0][1]:  # of a block from the first line that changes
            pairs.pop(0)
        while isinstance(site.node, list) and pairs[-1][0] == pairs[-1][1]:  # to the last one
            pairs.pop()
        return [each for pair in pairs for each in _pair(*pair)]
    return _pair(before[0], after[0])


def _pair(before: str | None, after: str | None) -> list[str]:
    if before == after:
        return [f"  {before}"]
    return [f"{sign} {text}" for sign, text in (("-", before), ("+", after)) if text is not None]


def _between(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """From the first line that changes to the last one."""
    found: list[str] = []
    for kind, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [f"  {text}" for text in before[i:i_end]]
        else:
            found += [*(f"- {text}" for text in before[i:i_end]), *(f"+ {text}" for text in after[j:j_end])]
    at = [number for number, text in enumerate(found) if not text.startswith("  ")]
    return found[at[0] : at[-1] + 1]


def _all_lines(nodes: Sequence[ast.stmt]) -> list[str]:
    """Every line of some statements."""
    return [line for each in nodes for line in ast.unparse(ast.fix_missing_locations(each)).splitlines()]


def _lines(node: ast.AST | Sequence[ast.stmt]) -> list[str]:
    """Each statement as one line; of a loop its head."""
    nodes = [node] if isinstance(node, ast.AST) else list(node)
    return [ast.unparse(ast.fix_missing_locations(each)).splitlines()[0] for each in nodes]


def _returned(node: ast.AST | Sequence[ast.stmt]) -> list[str]:
    """The values that a return statement returns; none of another one."""
    value = node.value if isinstance(node, ast.Return) else None
    return [ast.unparse(ast.fix_missing_locations(each)) for each in value.elts] if isinstance(value, ast.Tuple) else []
