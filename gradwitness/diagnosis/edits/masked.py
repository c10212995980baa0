"""A mask of forward that backward lacks: a triangle of scores, what a condition keeps, what is filled."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import assigned, returned_by

TRIANGLES = ("tril", "triu", "tril_", "triu_", "band_part")
FILLS = ("masked_fill", "masked_fill_")
ARRAY = "ARRAY"
"""Stands for the array in what `kept_by` returns."""
WORDS = "forward keeps a part of an array, and its gradient is not masked"
MOST = 8
"""Masks that are tried."""


def kept_by(definition: ast.AST) -> list[str]:
    """How a function masks arrays, with a name in place of each, and 0 in place of what it fills with."""
    calls = [node for node in ast.walk(definition) if isinstance(node, ast.Call)]
    return list(dict.fromkeys(text for call in calls for text in _kept(call)))


def _kept(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    given = [ast.unparse(argument) for argument in call.args] + [ast.unparse(keyword) for keyword in call.keywords]
    if name in TRIANGLES and _is_module(owner) and given:
        yield f"{ast.unparse(call.func)}({', '.join([ARRAY, *given[1:]])})"
    elif name in TRIANGLES and owner is not None:
        yield f"{ARRAY}.{name.rstrip('_')}({', '.join(given)})"
    elif name in FILLS and len(call.args) == 2:
        yield f"{ARRAY}.masked_fill({given[0]}, 0)"
    elif name == "where" and len(call.args) == 3:
        zero = f"0 * {ARRAY}"
        for entries in ((given[0], ARRAY, zero), (given[0], zero, ARRAY)):
            yield f"{ast.unparse(call.func)}({', '.join(entries)})"


def _is_module(owner: ast.expr | None) -> bool:
    """Whether it is written as a library: np, torch, tf.linalg."""
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return isinstance(owner, ast.Name) and owner.id in ("np", "numpy", "jnp", "torch", "tf")


def masked(site: Site, kept: Sequence[str], known: Collection[str]) -> Iterator[Edit]:
    """What is assigned or returned, masked as forward masks an array.

    known   names that the edited function has
    """
    values = [(value, made) for _, value, made in assigned(site)] + list(returned_by(site))
    names = {*known, ARRAY}
    fitting = [text for text in kept if all(n.id in names for n in ast.walk(loaded(text)) if isinstance(n, ast.Name))]
    for value, made in values:
        for text in fitting[:MOST]:
            yield Edit(site, made(loaded(text.replace(ARRAY, f"({ast.unparse(value)})"))), "mask", WORDS)
