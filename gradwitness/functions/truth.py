"""Where the truth about a function in a dtype comes from, and how far rounding may move a result away from it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.rounding import arithmetic
from gradwitness.rounding.arithmetic import SAMPLES, Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.moved import RUNS, moved, spread
from gradwitness.rounding.widths import width
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.pair import Subject
from gradwitness.subjects.tensors.backend import Precision
from gradwitness.subjects.tensors.function import FLOAT64, Differentiated, TensorCall

MANY, FEW = 2**16, 8
"""Elements beyond which there are fewer runs under Monte Carlo arithmetic, and how many then: the spread of a whole array,
which is part of that of each element, is known well from few."""


class Truth(Protocol):
    """Knows the exact values of a function."""

    def measured(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int, /) -> Mapping[str, Measured]:
        """Truth and spread of outs and gradients by their names, for inputs and cotangents rounded to dtype.

        Raises NotWatched where that cannot be known, Unstable where rounding alone makes a result inf or nan.
        """

    def moved(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int, /) -> Mapping[str, Measured]:
        """The same where roundings cannot be watched: the spread is what inputs that are moved by their last digit do.

        Raises NotWatched, UserError where exact values cannot be had.
        """


@dataclass(frozen=True)
class Itself:
    """A function of the framework, run in exact arithmetic: the one under test, or another that computes the same."""

    function: Differentiated

    def outs(self, dtype: str, precision: Precision, seed: int) -> Mapping[str, Measured]:
        """Those of the outputs alone: what cannot be differentiated, or is a gradient already, has no backward."""
        subject = self.function
        measure = _arithmetic(subject.backend.name, subject.backend.title)
        values = [subject.tensor(i, leaf.array, precision) for i, leaf in enumerate(subject.leaves)]
        running = subject.running(values, precision, range(len(values)))
        found = measure(running, (values,), dtype, seed=seed)
        return dict(zip(running.names, found, strict=True))

    def measured(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """By Monte Carlo arithmetic inside the framework."""
        subject = self.function
        backend = subject.backend
        measure = _arithmetic(backend.name, backend.title)
        call = subject.run([leaf.array for leaf in subject.leaves], precision)
        values = [
            subject.tensor(i, leaf.array, precision) for i, leaf in enumerate(subject.leaves)
        ]  # that call may overwrite its
        running = subject.running(values, precision, range(len(values)))

        def function(values: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
            outs, pull = backend.vjp(running, values)
            with running.inside():
                found = pull(cotangents)
            return [*outs, *(backend.zeros(v) if g is None else g for v, g in zip(values, found, strict=True))]

        if len(call.outs) != len(douts):
            raise BadCall("reference", f"a function with {len(call.outs)} outputs of floats", f"{len(douts)}, as function has")
        names = self._names(call)
        few = sum(leaf.array.size for leaf in subject.leaves) > MANY
        found = measure(function, (values, call.cotangents(douts)), dtype, seed=seed, samples=FEW if few else SAMPLES)
        return dict(zip(names, map(_in_pairs, found), strict=True))

    def moved(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """From runs in float64 on the same rounded inputs, parameters and floats that it holds."""
        subject, eps, rng = self.function, 2 * width(dtype).unit, np.random.default_rng((seed, 2))
        exact = Precision(precision.stored, "float64")

        def run(arrays: Sequence[Array], douts: Sequence[Array]) -> dict[str, Array]:
            call = subject.on([subject.tensor(i, array, FLOAT64) for i, array in enumerate(arrays)], exact)
            found = call.pulled(call.cotangents(douts))
            gradients = [np.zeros(a.shape) if g is None else g for a, g in zip(arrays, found, strict=True)]
            return dict(zip(self._names(call), [*call.outs, *gradients], strict=True))

        arrays = [subject.backend.array(subject.tensor(i, leaf.array, precision)) for i, leaf in enumerate(subject.leaves)]
        truth = run(arrays, douts)
        runs = [run(*([moved(a, eps, rng) for a in each] for each in (arrays, douts))) for _ in range(RUNS)]
        return {name: spread(value, [run[name] for run in runs if name in run], eps) for name, value in truth.items()}

    def _names(self, call: TensorCall) -> list[str]:
        return [*call.out_names, *(f"d{leaf.name}" for leaf in self.function.leaves)]


def _in_pairs(measured: Measured) -> Measured:
    """Complex numbers as pairs of real ones along a last axis, as a backend gives them."""
    truth, spread = np.asarray(measured.truth), np.asarray(measured.spread)
    if not np.iscomplexobj(truth):
        return measured
    return replace(measured, truth=np.stack([truth.real, truth.imag], -1), spread=np.stack([spread, spread], -1))


def _arithmetic(name: str, title: str) -> Any:
    try:
        return importlib.import_module(f"gradwitness.rounding.{name}").measure
    except ImportError:
        raise NotWatched(f"There is no Monte Carlo arithmetic inside {title}") from None


@dataclass(frozen=True)
class Op:
    """An op of the hand-derived reference, by its name: it takes the inputs of the function in their order."""

    name: str
    inputs: Sequence[Array]
    names: Sequence[str]
    static: Mapping[str, Any]

    def described(self) -> tuple[list[str], list[Array]]:
        """The names of its arguments, and what it returns."""
        op = _op(self.name)
        at = Subject(op.forward, op.backward, tuple(self.inputs), self.static)
        try:
            out, _ = op.forward(*self.inputs, **self.static)
        except (TypeError, ValueError) as error:
            raise self._refused(at, error) from error
        return list(at.arguments), [np.asarray(each) for each in (out if isinstance(out, tuple) else (out,))]

    def moved(self, *_: Any) -> Mapping[str, Measured]:
        """An op is watched, or cannot be had in the dtype."""
        raise NotWatched("An op of the reference has no other truth")

    def _refused(self, at: Subject, error: Exception) -> BadCall:
        takes = ", ".join(at.arguments)
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
            raise self._refused(at, error) from error
        outs = ["out"] if len(douts) == 1 else [f"out[{i}]" for i in range(len(douts))]
        return dict(zip([*outs, *(f"d{name}" for name in self.names)], found, strict=True))


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


def truth_of(reference: Any, subject: Differentiated, make: Any) -> Truth:
    """What tells the truth: the reference where one is given, else the function itself.

    make   reference -> Differentiated, at the same inputs
    """
    if reference is None:
        return Itself(subject)
    if isinstance(reference, str):
        static = {name: np.asarray(value) if hasattr(value, "shape") else value for name, value in subject.keywords.items()}
        return Op(reference, [leaf.array for leaf in subject.leaves], [leaf.name for leaf in subject.leaves], static)
    if not callable(reference):
        raise BadCall("reference", repr(reference), "a function that computes the same, or the name of an op")
    return Itself(make(reference))
