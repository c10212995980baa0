"""Where the truth about a function in a dtype comes from, and how far rounding may move a result away from it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.apart import apart
from gradwitness.functions.op import Op
from gradwitness.rounding.arithmetic import SAMPLES, Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.moved import RUNS, moved, spread
from gradwitness.rounding.widths import width
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.call import Running, TensorCall
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import FLOAT64, Precision

MANY, FEW = 2**16, 8
"""Elements beyond which there are fewer runs under Monte Carlo arithmetic, and how many then: the spread of a whole array,
which is part of that of each element, is known well from few."""


CURE = "It asks whether it runs eagerly, perhaps. Take one path in both"
"""About code that takes another path where it is traced."""


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
        values, running = self._in(precision)
        exact, source = self._in(_exact(precision))
        found = measure(running, (values,), dtype, seed=seed, source=(source, (exact,)))
        return dict(zip(running.names, map(_in_pairs, found), strict=True))

    def measured(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """By Monte Carlo arithmetic inside the framework."""
        subject = self.function
        measure = _arithmetic(subject.backend.name, subject.backend.title)
        call = subject.run([leaf.array for leaf in subject.leaves], precision)
        if len(call.outs) != len(douts):
            raise BadCall("reference", f"a function with {len(call.outs)} outputs of floats", f"{len(douts)}, as function has")

        def differentiated(precision: Precision) -> tuple[Callable[..., list[Any]], list[Any]]:
            """The function with its gradients, and arguments for it."""
            values, running = self._in(precision)
            return _with_gradients(subject.backend, running), [values, _cotangents(call, douts, precision)]

        def found(dtype: str, precision: Precision) -> Mapping[str, Measured]:
            samples = FEW if sum(leaf.array.size for leaf in subject.leaves) > MANY else SAMPLES
            source = differentiated(_exact(precision))
            each = measure(*differentiated(precision), dtype, seed=seed, samples=samples, source=source)
            return dict(zip(self._names(call), map(_in_pairs, each), strict=True))

        truth = found(dtype, precision)
        if apart(self._results(call, douts), truth, dtype):  # it is wrong, or what was traced is another function
            arrays = self._rounded(precision)
            if apart(self._in_float64(arrays, douts, precision), found("float64", _exact(precision)), "float64"):
                raise NotWatched(f"{subject.backend.title} traces another function than it runs. {CURE}")
        return truth

    def in_float64(self, precision: Precision, douts: Sequence[Array]) -> Mapping[str, Array]:
        """What it returns there for the same rounded inputs. That of a function whose code asks for the dtype is another one."""
        return self._in_float64(self._rounded(precision), douts, precision)

    def _results(self, call: TensorCall, douts: Sequence[Array]) -> dict[str, Array]:
        """Outputs and gradients by their names; zeros for gradients that the framework does not give."""
        arrays = [leaf.array for leaf in self.function.leaves]
        found = call.pulled(call.cotangents(douts))
        gradients = [np.zeros(a.shape) if g is None else g for a, g in zip(arrays, found, strict=True)]
        return dict(zip(self._names(call), [*call.outs, *gradients], strict=True))

    def _rounded(self, precision: Precision) -> list[Array]:
        """The values of the inputs in a precision."""
        subject = self.function
        return [subject.backend.array(subject.tensor(i, leaf.array, precision)) for i, leaf in enumerate(subject.leaves)]

    def _in_float64(self, arrays: Sequence[Array], douts: Sequence[Array], precision: Precision) -> dict[str, Array]:
        """What it returns in float64 for rounded inputs, parameters and floats that it holds."""
        subject = self.function
        values = [subject.tensor(i, array, FLOAT64) for i, array in enumerate(arrays)]
        return self._results(subject.on(values, _exact(precision)), douts)

    def _in(self, precision: Precision) -> tuple[list[Any], Running]:
        """The values in a precision, on new tensors, and the function that takes them."""
        subject = self.function
        values = [subject.tensor(i, leaf.array, precision) for i, leaf in enumerate(subject.leaves)]
        return values, subject.running(values, precision, range(len(values)))

    def moved(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """From runs in float64 on the same rounded inputs, parameters and floats that it holds."""
        eps, rng, arrays = 2 * width(dtype).unit, np.random.default_rng((seed, 2)), self._rounded(precision)
        truth = self._in_float64(arrays, douts, precision)

        def beside(each: Sequence[Array]) -> list[Array]:
            return [moved(array, eps, rng) for array in each]

        runs = [self._in_float64(beside(arrays), beside(douts), precision) for _ in range(RUNS)]
        return {name: spread(value, [run[name] for run in runs if name in run], eps) for name, value in truth.items()}

    def _names(self, call: TensorCall) -> list[str]:
        return [*call.out_names, *(f"d{leaf.name}" for leaf in self.function.leaves)]


def _exact(precision: Precision) -> Precision:
    """The same rounded inputs and floats that it holds, in float64."""
    return Precision(precision.stored, "float64")


def _with_gradients(backend: Backend, running: Running) -> Callable[..., list[Any]]:
    def function(values: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        outs, pull = backend.vjp(running, values)
        with running.inside():
            found = pull(cotangents)
        return [*outs, *(backend.zeros(v) if g is None else g for v, g in zip(values, found, strict=True))]

    return function


def _cotangents(call: TensorCall, douts: Sequence[Array], precision: Precision) -> list[Any]:
    """In the dtypes of the outputs, or in float64."""
    if precision.computed != "float64":
        return call.cotangents(douts)
    backend = call.subject.backend
    dtypes = ["complex128" if backend.dtype(out).startswith("complex") else "float64" for out in call.tensors]
    each = zip(douts, call.tensors, dtypes, strict=True)
    return [backend.tensor(np.asarray(dout), out, dtype) for dout, out, dtype in each]


@dataclass(frozen=True)
class Beside:
    """Another function that computes the same, and gets the same inputs. Its arguments and outputs may have other names."""

    other: Itself
    function: Differentiated

    def measured(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """Of the other function, under the names of the one under test; inputs belong together by their order."""
        return self._named(self.other.measured(dtype, precision, douts, seed), precision)

    def moved(self, dtype: str, precision: Precision, douts: Sequence[Array], seed: int) -> Mapping[str, Measured]:
        """Likewise."""
        return self._named(self.other.moved(dtype, precision, douts, seed), precision)

    def _named(self, found: Mapping[str, Measured], precision: Precision) -> Mapping[str, Measured]:
        names = self.function.run([leaf.array for leaf in self.function.leaves], precision).out_names
        outs, gradients = list(found.values())[: len(names)], list(found.values())[len(names) :]
        places = [self.other.function.place(leaf) for leaf in self.other.function.leaves]
        found_at = dict(zip(places, gradients, strict=True))
        own = [(f"d{leaf.name}", self.function.place(leaf)) for leaf in self.function.leaves]
        return dict(zip(names, outs, strict=True)) | {name: found_at[place] for name, place in own if place in found_at}


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
    return Beside(Itself(make(reference)), subject)
