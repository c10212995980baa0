"""What is examined, behind one narrow interface.

`Function.forward(arrays)` runs it on values for its differentiated arrays and returns a `Call`: what came out, and how to ask for
gradients. handwritten.py makes one of a forward and a backward in NumPy, loss.py of a loss, tensors/function.py of a framework's
function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import Leaf


class Call(Protocol):
    """One call of a user's forward.

    outs, out_names   the floats that it returned, flat, and their names
    """

    @property
    def outs(self) -> list[Any]:
        """See above."""

    @property
    def out_names(self) -> list[str]:
        """See above."""

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """The user's gradients in the order of the function's names; None for one that was not returned."""


class Function(Protocol):
    """What is examined.

    leaves        the differentiated arrays
    asked         whether the user named them
    data          arrays that are handed over as they are, by name
    handed, code  everything that is handed over, by name, and the user's functions: where a diagnosis looks for known quantities
    description   what it is, for the first line of a report
    unread        what to tell where other values of the leaves change nothing
    keeps_dtype   whether the leaves stay in their own dtype, whatever forward is asked to run on
    of_a_loss     whether the gradients are those of a loss itself, so that there is no cotangent but 1
    undone        whether differences are taken without the rounding of casts inside it
    eps           of the floats to which it rounds at best
    of_triangles  whether it takes triangular matrices to functions of a framework whose gradient does not stay in the triangle
    """

    leaves: list[Leaf]
    asked: bool
    data: list[tuple[str, Array]]
    handed: Mapping[str, Any]
    code: tuple[Callable[..., Any], ...]
    description: str
    unread: str
    keeps_dtype: bool
    of_a_loss: bool
    undone: bool

    @property
    def eps(self) -> float:
        """See above."""

    @property
    def of_triangles(self) -> bool:
        """See above."""

    def forward(self, arrays: Sequence[Any]) -> Call:
        """Run the user's forward on these values. Raises UserError."""

    def reached(self, arrays: Sequence[Array]) -> list[Array]:
        """The values that forward really gets where it is asked to run on these."""
