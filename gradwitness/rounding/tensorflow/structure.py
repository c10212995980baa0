"""Whether two graphs are the same. A function that is traced again gives other names to the same operations."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from gradwitness.rounding.same import Unlike
from gradwitness.rounding.tensorflow.constants import Finer
from gradwitness.rounding.tensorflow.graphs import ENTERED, graph_of, in_order, inner

LARGEST = 2**20
"""Bytes of a constant that are compared, and kept."""


def structure(graph: Any, finer: Finer) -> Hashable:
    """What graphs have in common that do the same: their operations, each with its settings and with what it is applied to.

    Raises Unlike where it cannot be told.
    """
    names: dict[str, int] = {}

    def named(tensor: Any) -> Hashable:
        return names.setdefault(tensor.name, len(names)), tensor.dtype, str(tensor.shape)

    inputs = tuple(map(named, graph.inputs))
    operations = []
    for op in in_order(graph):
        function = op.graph._get_function(op.type)
        if op.op_def.is_stateful and op.type not in ENTERED and function is None:
            raise Unlike(f"it calls {op.type}")
        does = op.type if function is None else structure(graph_of(op, function), finer)
        number = finer.get((id(op.graph), op.name))
        operations.append(
            (
                does,
                tuple(map(named, op.inputs)),
                tuple(map(named, op.outputs)),
                _settings(op, finer),
                None if number is None else (number.dtype.str, number.shape, number.tobytes()),
            )
        )
    return inputs, tuple(operations), tuple(map(named, graph.outputs))


def _settings(op: Any, finer: Finer) -> Hashable:
    """The attributes of an operation, among which functions are. Those that begin with _ are about where it runs."""
    found = []
    for name, value in sorted(op.node_def.attr.items()):
        if name.startswith("_"):
            continue
        if value.HasField("func") and op.type in ENTERED:
            found.append((name, structure(inner(op, name), finer)))
        elif value.HasField("func") or value.list.func:
            raise Unlike(f"{op.type} calls functions")
        elif value.ByteSize() > LARGEST:
            raise Unlike(f"{op.type} has a large constant")
        else:
            found.append((name, value.SerializeToString(deterministic=True)))
    return tuple(found)
