"""An op of the hand-derived reference as what tells the truth about a function."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.rounding import arithmetic
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.pair import Subject
from gradwitness.subjects.signatures import as_positional
from gradwitness.subjects.tensors.precision import Precision


@dataclass(frozen=True)
class Op:
    """An op of the hand-derived reference, by its name: it takes the inputs of the function in their order."""

    name: str
    inputs: Sequence[Array]
    names: Sequence[str]
    static: Mapping[str, Any]

    @classmethod
    def at(cls, name: str, inputs: Any, static: Mapping[str, Any]) -> Op:
        """An op at its inputs, which come by position or by name."""
        forward = _op(name).forward
        if isinstance(inputs, Mapping):
            names = _arguments(name)
            if set(inputs) != set(names):
                raise BadCall("inputs", f"a dict of {', '.join(map(str, inputs))}", f"inputs of {name}: {', '.join(names)}")
            inputs = tuple(inputs[each] for each in names)
        _, given = as_positional(forward, inputs, static)
        return cls(name, [np.asarray(value) for value in given], [], static)

    def described(self) -> tuple[list[str], list[Array]]:
        """The names of its arguments, and what it returns."""
        op = _op(self.name)
        at = Subject(op.forward, op.backward, tuple(self.inputs), self.static)
        try:
            out, _ = op.forward(*self.inputs, **self.static)
        except (TypeError, ValueError) as error:
            raise self._refused(error) from error
        return list(at.arguments), [np.asarray(each) for each in (out if isinstance(out, tuple) else (out,))]

    def moved(self, *_: Any) -> Mapping[str, Measured]:
        """An op is watched, or cannot be had in the dtype."""
        raise NotWatched("An op of the reference has no other truth")

    def _refused(self, error: Exception) -> BadCall:
        takes = ", ".join(_arguments(self.name))
        return BadCall("reference", f"{self.name!r}, which says: {error}", f"inputs of {self.name}: {takes}")

    def measured(self, dtype: str, _: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """By Monte Carlo arithmetic in NumPy, in float32 and float64."""
        if dtype not in ("float32", "float64"):
            raise NotWatched(f"An op of the reference tells float32 and float64 alone, not {dtype}: give a plain function")
        op = _op(self.name)
        dout = douts[0] if len(douts) == 1 else tuple(douts)
        at = Subject(op.forward, op.backward, tuple(self.inputs), self.static, seed, dout=dout).rounded(dtype)
        try:
            found = arithmetic.measure(lambda lift: at.run(lift, wider(dtype)), dtype, seed=seed)
        except (TypeError, ValueError) as error:
            raise self._refused(error) from error
        outs = ["out"] if len(douts) == 1 else [f"out[{i}]" for i in range(len(douts))]
        return dict(zip([*outs, *(f"d{name}" for name in self.names)], found, strict=True))


def _arguments(name: str) -> list[str]:
    """The names of an op's inputs."""
    parameters = inspect.signature(_op(name).forward).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_ONLY]


def _op(name: str) -> Any:
    """The op, from the package as it is installed or from a checkout."""
    for package in ("gradwitness.reference", "reference"):
        try:
            ops = importlib.import_module(package).OPS
        except ImportError:
            continue
        if name not in ops:
            import difflib

            near = difflib.get_close_matches(name, ops, 3) or sorted(ops)
            raise BadCall("reference", repr(name), f"a function, or the name of an op: {', '.join(near)}")
        return ops[name]
    raise BadCall("reference", repr(name), "a function", "The hand-derived ops are not installed here")
