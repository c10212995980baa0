"""Kernels that a framework refuses to run, because they add in an order that changes from run to run.

Every adapter asks its framework for deterministic algorithms, so that a cell has the same values in each run. On a GPU some
backwards have no deterministic kernel (PyTorch: bilinear resize, adaptive pooling, CTC, reflection padding), and the framework
raises. Such a cell is not run: nothing is known about its gradient.
"""

from __future__ import annotations

import re

from conformance.matrix import Cell

_REFUSALS = re.compile(
    r"\S+ does not have a deterministic implementation, but you set 'torch\.use_deterministic_algorithms\(True\)'"
    r"|(A d|D)eterministic GPU implementation of [^\n]* not (currently )?available[^\n.]*"  # TensorFlow
    r"|Determinism is not yet supported [^\n]*?(?=\.|$)"  # TensorFlow, too
    r"|HLO instruction [^\n]* does not have a deterministic implementation, but run-to-run determinism is required"  # XLA
)


def refusal(cell: Cell, error: BaseException) -> str:
    """What the framework says of a kernel that is not deterministic on this cell's device; empty for any other error.

    On the CPU every kernel that we use is deterministic, so there the error is a failure like any other.
    """
    found = _REFUSALS.search(str(error)) if cell.device != "cpu" else None
    return found[0] if found else ""
