"""The decisions of a forward (comparisons, choices, signs), and the gap of each: its distance from the tie.

A piecewise function changes its piece where a gap is zero. `Decisions` records the gaps of a run. kinks.py asks which of them
rounding can close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift

_DIFFERENCE = frozenset([
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "maximum", "minimum", "fmax", "fmin",
])  # fmt: skip
_SIGN = frozenset(["absolute", "fabs", "sign", "signbit", "logical_not", "logical_and", "logical_or", "logical_xor", "heaviside"])
_JUMP = {"floor": 0.0, "ceil": 0.0, "trunc": 0.0, "rint": 0.5}
_LARGEST = {
    "maximum": np.maximum,
    "fmax": np.fmax,
    "argmax": np.maximum,
    "minimum": np.minimum,
    "fmin": np.fmin,
    "argmin": np.minimum,
}
CONTINUOUS = frozenset(["absolute", "fabs", "clip", *_LARGEST])
"""Choices whose result is continuous at the tie."""
_UNWATCHED = frozenset(["floor_divide", "remainder", "fmod", "divmod"])


class Decisions(Noise):
    """Noise that records the gap of every decision. With exact, nothing is rounded."""

    def __init__(self, dtype: Any, rng: np.random.Generator, *, exact: bool = False) -> None:
        super().__init__(dtype, rng)
        self.unit = 0.0 if exact else self.unit
        self.gaps: list[tuple[str, Array]] = []

    def move(self, array: Array, share: float) -> Perturbed:
        """The array as a `Perturbed` one, each element moved by up to a share of the array's rms.

        Zeros move, too. So a tie that depends on the inputs is opened, and a tie of constants is not.
        """
        moved = lift(self, array)
        scale = np.sqrt(np.mean(np.square(array, dtype=np.longdouble))) if array.size else 0
        r = 2 * self.rng.random(array.shape) - 1
        moved.view(np.ndarray)[...] += np.asarray(share * (scale or 1) * r, dtype=moved.dtype)
        return moved

    def decides(self, name: str, method: str, operands: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Record the gaps of a decision. Raises TypeError for a function whose decisions are not watched."""
        if method == "__call__":
            gaps = _gaps(name, operands)
        elif name in _LARGEST and method in ("reduce", "accumulate"):
            gaps = [_behind(name, method, operands[0], kwargs)]
        elif name in ("logical_and", "logical_or"):
            gaps = [operands[0]]
        elif name in _LARGEST:
            raise TypeError(f"numpy.{name}.{method} decides unwatched; write it with {name} and {name}.reduce")
        else:
            gaps = []
        self.gaps += [(name, np.asarray(gap)) for gap in gaps if np.asarray(gap).dtype.kind == "f"]


def _gaps(name: str, operands: Sequence[Any]) -> list[Any]:
    """The gaps of a call's operands; none for a ufunc that decides nothing."""
    x, *others = operands
    if name in _DIFFERENCE:
        return [x - others[0]] if _numbers(x, others[0]) else []
    if name in _SIGN:
        return [operand for operand in operands if _numbers(operand)]
    if name == "clip":
        return [x - bound for bound in others if bound is not None]
    if name == "copysign":
        return [others[0]]
    if name in _JUMP:
        return [x - _JUMP[name] - np.rint(x - _JUMP[name])]
    if name in _UNWATCHED:
        raise TypeError(f"numpy.{name} jumps unwatched; write it with floor")
    return []


def _behind(name: str, method: str, x: Array, kwargs: Mapping[str, Any]) -> Array:
    """The distance of each element from the largest (or the smallest) along an axis. That of the largest itself is always 0."""
    options = {key: kwargs[key] for key in ("where", "initial") if method == "reduce" and key in kwargs}
    if method == "accumulate":
        return np.asarray(_LARGEST[name].accumulate(x, kwargs.get("axis", 0)) - x)
    axis = kwargs.get("axis", 0)
    if axis is None:
        axis = tuple(range(x.ndim))
    return np.asarray(_LARGEST[name].reduce(x, axis=axis, keepdims=True, **options) - x)


def _numbers(*operands: Any) -> bool:
    return any(np.asarray(operand).dtype.kind == "f" for operand in operands)
