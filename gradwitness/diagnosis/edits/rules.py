"""The kinds of edits, the simplest first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

import numpy as np

from gradwitness.diagnosis.edits import entries, likely, parts, regions, sequences
from gradwitness.diagnosis.edits.axes import axes, flattened
from gradwitness.diagnosis.edits.expressions import expressions, otherwise
from gradwitness.diagnosis.edits.forward import Orders, multiplied, undone
from gradwitness.diagnosis.edits.masked import masked
from gradwitness.diagnosis.edits.outer import outers
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.source import Source
from gradwitness.diagnosis.edits.statements import accumulated, carries, statements
from gradwitness.diagnosis.edits.statistics import statistics
from gradwitness.diagnosis.edits.variables import Variables

FRAMEWORKS = ("torch", "tensorflow", "jax.numpy")
"""Modules that have functions such as sign and reshape."""
Rule = Callable[[Source, Variables, Site], Iterator[Edit]]


def _numpy(source: Source) -> str:
    return next((name for name, value in source.functions[0].__globals__.items() if value is np), "")


def _libraries(source: Source) -> list[str]:
    """What the function calls the frameworks: modules of its file, and those that it closes over."""
    return [name for name, each in source.names.items() if isinstance(each, ModuleType) and each.__name__ in FRAMEWORKS]


def _has_torch(source: Source) -> bool:
    return any(each.__name__ == FRAMEWORKS[0] for each in source.names.values() if isinstance(each, ModuleType))


SIMPLE: Sequence[Rule] = (
    lambda source, _, site: accumulated(site, _numpy(source), tensors=_has_torch(source)),
    lambda source, variables, site: likely.unused(variables, site, source.unused),
    lambda source, variables, site: _carries(source, variables, site),
    lambda source, variables, site: axes(variables, site, _libraries(source)),
    lambda _, __, site: flattened(site),
    lambda _, variables, site: likely.counts(variables, site),
    lambda _, variables, site: (
        each for each in expressions(site) if each.kind != "statistics" or not likely.is_scalar(variables, site.node)
    ),
    lambda source, _, site: parts.summands(site, source.unused),
    lambda _, variables, site: parts.windows(variables, site),
    lambda _, variables, site: regions.strided(variables, site),
    lambda _, __, site: regions.wholes(site),
    lambda _, __, site: regions.begins_later(site),
    lambda _, variables, site: variables.epsilons(site),
    lambda _, __, site: statements(site),
    lambda _, __, site: sequences.exchanged(site),
    lambda _, variables, site: sequences.copies(variables, site),
    lambda _, __, site: sequences.running(site),
    lambda _, __, site: sequences.regrouped(site),
    lambda _, __, site: otherwise(site),
)
"""Edits that few places allow, or that change little."""
OTHERS: Sequence[Rule] = (
    lambda _, variables, site: sequences.symmetric(variables, site),
    lambda _, variables, site: sequences.batched(variables, site),
    lambda source, variables, site: likely.left_out(variables, site, _numpy(source), _libraries(source)),
    lambda _, variables, site: sequences.complements(variables, site),
    lambda _, variables, site: sequences.turned(variables, site),
    lambda _, variables, site: likely.flipped(variables, site),
    lambda _, variables, site: likely.masks(variables, site),
    lambda source, variables, site: regions.biases(variables, site, _numpy(source)),
    lambda _, variables, site: variables.replaced(site),
    lambda _, variables, site: variables.everywhere(site),
    lambda _, variables, site: variables.factors(site),
    lambda _, variables, site: variables.renumbered(site),
    lambda _, variables, site: entries.numbers(variables, site),
    lambda _, variables, site: entries.operands(variables, site),
    lambda _, variables, site: variables.terms(site),
    lambda _, variables, site: likely.products(variables, site),
    lambda source, variables, site: outers(variables, site, _numpy(source)),
    lambda _, variables, site: variables.inner_terms(site),
    lambda _, variables, site: variables.inner_factors(site),
    lambda _, variables, site: variables.operand_factors(site),
    lambda _, variables, site: variables.argument_terms(site),
    lambda _, variables, site: statistics(variables, site),
    lambda _, variables, site: variables.both(site),
)
"""Edits that put something else in a place."""


def rules(factors: Sequence[str], orders: Orders, kept: Sequence[str] = ()) -> Sequence[Rule]:
    """The rules in their order.

    factors, orders   by what forward multiplies, and how it rearranges axes
    kept              which elements of an array it keeps
    """
    as_forward: Sequence[Rule] = (
        lambda _, variables, site: masked(site, list(dict.fromkeys(kept)), variables.names),
        lambda _, __, site: undone(site, list(dict.fromkeys(orders))),
        lambda _, variables, site: multiplied(site, list(dict.fromkeys(factors)), variables.names),
    )
    return (*SIMPLE, *as_forward, *OTHERS)


def _carries(source: Source, variables: Variables, loop: Site) -> Iterator[Edit]:
    if not isinstance(loop.node, ast.For):
        return
    parameters = set(source.own.co_varnames[: source.own.co_argcount])
    names = [node for node in ast.walk(loop.node) if isinstance(node, ast.Name)]
    stored = dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Store))
    read = dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Load))
    shapes = variables.shapes
    matrices = [name for name, shape in shapes.items() if len(shape) == 2]
    for carry in read:
        if carry not in stored and carry not in parameters and len(shapes.get(carry, ())) in (1, 2):
            vectors = [name for name in stored if shapes.get(name) == shapes[carry]]
            yield from carries(loop.node, carry, matrices, vectors)
