"""The truth about numbers from another program: the values of a reference, its gradients, and what rounding does to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.sides import Arrays, Side, Tensors
from gradwitness.functions.op import Op
from gradwitness.functions.result import compared
from gradwitness.rounding.arithmetic import SAMPLES, Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.widths import width
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.tensors.handed import handed
from gradwitness.subjects.tensors.precision import Precision
from gradwitness.subjects.tensors.whose import NUMPY


class Truths:
    """The exact values of the reference, and their rounding, in each dtype that is asked for."""

    def __init__(self, framework: str, function: Any, inputs: Any, kwargs: Mapping[str, Any], dout: Any, seed: int) -> None:
        self._framework, self._function, self._inputs, self._kwargs = framework, function, inputs, kwargs
        self._dout, self.gradients, self._seed = dout, False, seed
        self._found: dict[str, Mapping[str, Measured]] = {}
        self._names: list[str] = []
        self.runs = 0
        self.how = "the truth and its rounding by Monte Carlo arithmetic"

    def names(self, dtype: str, asked: Collection[str]) -> list[str]:
        """What the reference returns: outputs, and gradients if any of the names that are asked for is one."""
        if isinstance(self._function, str):
            arguments, outs = self._op.described()
            names = ["out"] if len(outs) == 1 else [f"out[{i}]" for i in range(len(outs))]
        else:
            side = self._side(dtype)
            arguments, names = list(side.leaves), list(side.run(None).outs)
        gradients = self._names = [f"d{argument}" for argument in arguments]
        self.gradients = not set(asked).isdisjoint(gradients)
        if self._dout is not None and not self.gradients:
            wanted = f"gradients for dout, by name: {', '.join(gradients)}"
            raise BadCall("got", f"with {', '.join(asked)}", wanted, f'For instance {{"{gradients[0]}": ...}}')
        return [*names, *gradients] if self.gradients else names

    def is_gradient(self, key: str) -> bool:
        """Whether a result is a gradient, and no output."""
        return key in self._names

    def known(self, dtype: str) -> dict[str, Array]:
        """Inputs, outputs and cotangents by name."""
        given = dict(zip(self._op.described()[0], self._op.inputs, strict=False)) if isinstance(self._function, str) else {}
        given = given or dict(self._side(dtype).leaves)
        outs = {name: np.asarray(each.truth) for name, each in self.of(dtype).items() if not self.is_gradient(name)}
        douts = () if self._dout is None else self._dout if isinstance(self._dout, tuple) else (self._dout,)
        named = {"dout" if len(douts) == 1 else f"dout[{i}]": np.asarray(handed(d, NUMPY)) for i, d in enumerate(douts)}
        return {**given, **outs, **named}

    def for_another_dout(self, key: str, array: Array, dtype: str) -> str:
        """Whether numbers are a gradient of the sum, or of the mean, of the outputs, in place of that for `dout`."""
        if self._dout is None:
            return ""
        given = self._dout if isinstance(self._dout, tuple) else (self._dout,)
        shapes = [np.shape(handed(dout, NUMPY)) for dout in given]
        for value, words in ((1.0, "the sum of all outputs"), (1 / max(sum(map(prod, shapes)), 1), "the mean of all outputs")):
            ones = tuple(np.full(shape, value) for shape in shapes)
            other = Truths(self._framework, self._function, self._inputs, self._kwargs, ones, self._seed)
            other.gradients = True
            with suppress(NotWatched, Unstable, BadCall, UserError):
                if compared(key, array, other.of(dtype)[key], width(dtype)).verdict == "right":
                    return f"It is the gradient of {words}: dout is not used"
        return ""

    def of(self, dtype: str) -> Mapping[str, Measured]:
        """Truth and spread by name. Raises NotWatched, Unstable."""
        if dtype not in self._found:
            self.runs += SAMPLES + 1
            self._found[dtype] = self._of_op(dtype) if isinstance(self._function, str) else self._of_function(dtype)
        return self._found[dtype]

    def _side(self, dtype: str) -> Side:
        if self._framework != NUMPY:
            return Tensors("reference", self._framework, self._function, self._inputs, self._kwargs, dtype)
        if self.gradients:
            raise BadCall("got", "with gradients", "outputs alone", "A function of NumPy has no gradients: take a framework's")
        return Arrays("reference", self._function, self._inputs, self._kwargs, dtype)

    def _of_function(self, dtype: str) -> Mapping[str, Measured]:
        side = self._side(dtype)
        douts = self._cotangents(list(side.run(None).outs.values())) if self.gradients else None
        return side.measured(douts, self._seed)

    @property
    def _op(self) -> Op:
        return Op.at(self._function, handed(self._inputs, NUMPY), handed(dict(self._kwargs), NUMPY))

    def _of_op(self, dtype: str) -> Mapping[str, Measured]:
        names, outs = self._op.described()
        douts = self._cotangents(outs) if self.gradients else [np.zeros(out.shape) for out in outs]
        return replace(self._op, names=names).measured(dtype, Precision(), douts, self._seed)

    def _cotangents(self, outs: Sequence[Array]) -> list[Array]:
        if self._dout is None:
            if [out.size for out in outs] != [1]:
                raise BadCall("dout", "not given", "the cotangent for which got has gradients", "For a sum of outputs it is ones")
            return [np.ones(outs[0].shape)]
        given = self._dout if isinstance(self._dout, tuple) else (self._dout,)
        arrays = [np.asarray(handed(value, NUMPY), np.float64) for value in given]
        if [array.shape for array in arrays] != [out.shape for out in outs]:
            wanted = ", ".join(str(out.shape) for out in outs)
            raise BadCall("dout", f"of shape {', '.join(str(array.shape) for array in arrays)}", wanted)
        return arrays
