"""What is known of the operations of a function, by the graph of autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gradwitness.rounding.torch.exact import narrowed
from gradwitness.rounding.torch.graph import is_own, nodes
from gradwitness.subjects.tensors.backend import Operations, Pull

OF_TRIANGLES = ("CholeskyInverseBackward0", "CholeskySolveBackward0")
"""Nodes of functions whose factor is triangular, by PyTorch's documentation, and whose gradient is that of a formula for full
matrices. PyTorch's own tests differentiate them in the triangle alone, with a real diagonal."""
OF_VECTORS = ("LinalgEighBackward0", "LinalgSvdBackward0", "LinalgEigBackward0")
"""Nodes of decompositions. What draws random numbers has none; the state of the generator tells."""
SAMPLERS = ("StandardGammaBackward0", "_DirichletBackward")
"""Nodes of random numbers whose gradient is implicit: of gamma, chi-squared, Student's t, beta and Dirichlet variables."""


def operations(differentiated: Callable[[], tuple[list[Any], Pull]]) -> Operations:
    """Of a function, in eager mode. Nodes of a torch.autograd.Function, of Python or C++, are the user's own.

    differentiated   runs it, and returns what comes out and the pull
    """

    def both() -> None:
        outs, pull = differentiated()
        pull([torch.ones_like(out) for out in outs])

    outs, _ = differentiated()
    found = nodes(outs)
    names = {type(node).__name__ for node in found}
    return Operations(
        narrowed=narrowed(outs, both),
        triangles=not any(map(is_own, found)) and not names.isdisjoint(OF_TRIANGLES),
        implicit=not names.isdisjoint(SAMPLERS),
        picks=not names.isdisjoint(OF_VECTORS),
    )
