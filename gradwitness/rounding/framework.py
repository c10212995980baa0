"""What Monte Carlo arithmetic has in common inside PyTorch, JAX and TensorFlow.

Each framework's module offers the same function:

    measure(function, arguments, dtype, *, seed=0, samples=16, source=None) -> [Measured(truth, spread, projection), ...]

one for each floating tensor that `function(*arguments)` returns, in the order of its leaves. The function is the one under test,
in the dtype under test, forward and backward; `frameworks.load(name).vjp(fn)` with arguments `(inputs, dout)` is one. Nobody
writes it anew for float64. `source` is (function, arguments) in float64: JAX and TensorFlow, which trace, learn from it what the
numbers in the source are.

Every tensor has a *shadow*, its value in float64. Each operation of the function is carried out on the shadows and rounds at
random, by as much as its own dtype does: a bfloat16 function that casts to float32 in the middle is as exact there as float32 is.
The run that rounds nothing is the truth: the function in exact arithmetic on the very same inputs and parameters.

The alternative, to run in the dtype itself and to perturb its results, has no truth beside it and counts each rounding twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from math import sqrt
from typing import Any, Self

from gradwitness.rounding.widths import Width

MAGNIFIED = 2.0**13
"""How much larger roundings are made for float64, whose shadows are float64, too. To first order an error is linear in the unit
roundoff. 2^-40 is 8,000 times what the run itself rounds, and small enough for points of condition 1e10."""

ITERATIONS, TIMES = 2**17, 16
"""Of a loop in the run that rounds nothing; and how many times as many, or `FEW`, it may take in the others. A search that ends
at a tolerance below the last digit never ends where each step rounds anew."""
FEW = 2**10
UNENDING = (
    "a loop that ends at a tolerance does not end where every step rounds at random: the tolerance is below what the dtype "
    "holds. Take a larger one, or a largest number of steps"
)


class NotWatched(TypeError):
    """Code left the framework, or an operation has no float64 form. Nothing can be concluded about rounding."""


class Counting:
    """What the random roundings of a run know of its loops, in frameworks that trace. The rest is each framework's `Noise`.

    most     iterations of a loop, a traced integer; None for as many as it takes
    counts   how many each loop took, traced integers; None inside of loops and branches, whose values nobody outside sees
    """

    counts: list[Any] | None = None

    def __init__(
        self, pool: Any, step: Any = 0, places: Any = None, finer: Mapping[tuple[int, Any], Any] | None = None, most: Any = None
    ) -> None:
        self.pool, self.step, self.finer, self.most = pool, step, finer or {}, most
        self.places = places or count(1)

    def uncounted(self) -> Self:
        """The noise of a branch."""
        return type(self)(self.pool, self.step, self.places, self.finer, self.most)


def operand(width: Width, terms: float, factors: int = 1) -> float:
    """The relative error of each operand of a sum of so many terms, each a product of so many factors: see arithmetic.py."""
    return width.accumulation * max(1.0, sqrt(terms / (6 * factors)))


def result(width: Width, terms: float = 1) -> float:
    """The relative error of a sum of so many terms: that of adding them, or of storing the result, whichever is larger."""
    return max(width.unit, width.accumulation * sqrt(terms / 3))
