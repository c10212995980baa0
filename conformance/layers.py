"""A framework's own layer beside the op: which arguments the layer stores, and what it returns on a case."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial
from typing import Any

import adapters
from adapters import Layout
from conformance.known import Unsupported, known
from conformance.matrix import Cell
from conformance.run import op_results
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject, leaves, tree_map
from gradwitness.verdict import judge
from reference import Op

DATA = {"x", "x1", "x2", "h", "c", "state", "query", "key", "value"}
"""Positional arguments that a layer is called on. It stores the others: weights, biases, a gain."""


def stored_arguments(op: Op) -> list[str]:
    """The positional arguments of an activation or a layer that a framework's layer stores. A loss stores none."""
    parameters = inspect.signature(op.forward).parameters.values()
    positional = [p.name for p in parameters if p.kind == inspect.Parameter.POSITIONAL_ONLY]
    return [] if op.family == "losses" else [name for name in positional if name not in DATA]


def parted(at: Subject, layout: Layout) -> tuple[dict[str, Array], list[Any], dict[str, Any]]:
    """A case's arguments as a layout takes them: the parameters, the data, and the keyword arguments."""
    given = {**dict(zip(at.arguments, at.inputs, strict=True)), **at.static}
    params = {name: given.pop(name) for name in layout.parameters}
    data = [given.pop(name) for name in at.arguments if name in given]
    return params, data, given


def layer_results(evidence: Evidence, adapter: str, layout: Layout) -> list[Array]:
    """What the framework's own layer returns at the point of the evidence. Raises as `Layout.evaluate` does."""
    framework = adapters.load(adapter).framework
    params, data, static = parted(evidence.subject, layout)
    put = partial(tree_map, framework.from_numpy)
    out = layout.evaluate(put(params), *put(tuple(data)), **put(static))
    return [framework.to_numpy(array) for array in leaves(out)]


def judge_layer(evidence: Evidence, cell: Cell, layout: Layout) -> dict[str, float]:
    """Judge what the layer returns, as an op's own results are judged: the distances in units of rounding spread.

    In a cell with a known difference the layer has to compute what the adapter's function computes. Raises Disagreement, and as
    `Layout.evaluate` does.
    """
    results = layer_results(evidence, cell.adapter, layout)
    measured = evidence.measured[: len(evidence.measured) - len(evidence.subject.gradients)]
    if (entry := known(cell)) and not isinstance(entry, Unsupported):
        own = op_results(evidence, cell.name, cell.adapter)
        measured = [replace(m, truth=truth.astype(m.truth.dtype)) for m, truth in zip(measured, own, strict=False)]
    rows = zip(evidence.names, results, measured, strict=False)
    if len(results) != len(measured):
        raise ValueError(f"the layer of {cell.name} in {cell.adapter} returns {len(results)} arrays; wanted {len(measured)}")
    return {name: judge(name, result, expected, evidence.dtype) for name, result, expected in rows}
