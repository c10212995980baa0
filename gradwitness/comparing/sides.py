"""A function with its inputs, as one of those that are compared: what it returns, its gradients, its exact values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.functions.point import point_of
from gradwitness.functions.truth import Itself
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.rounding import arithmetic
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.framework import NotWatched
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.backend import Pull, Run, Vjp
from gradwitness.subjects.tensors.call import TensorCall
from gradwitness.subjects.tensors.drawing import random_state
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.given import Given
from gradwitness.subjects.tensors.handed import handed, plain
from gradwitness.subjects.tensors.origins import load
from gradwitness.subjects.tensors.precision import EPS, OWN, Precision
from gradwitness.subjects.tensors.tree import tensors, written

SAY = 'a pair such as ("torch", function) says {}'


@dataclass(frozen=True)
class Results:
    """What one call returns, as arrays, by name: outputs, their dtypes, gradients. None: the framework gives no gradient."""

    outs: dict[str, Array]
    dtypes: dict[str, str]
    gradients: dict[str, Array | None]


class Side(Protocol):
    """One of the functions.

    name       as the user calls it
    function   what came under that name
    framework  whose function it is: "numpy", "torch", ...
    leaves     the names of the floats that it is differentiated for, and their values
    own        those of them that are its own parameters, and no inputs
    given      the names of all that it is given, by position and by keyword
    dtype      the narrowest dtype of its inputs and parameters, or the one that was asked for
    differentiates   whether it has gradients; a function of NumPy has values alone
    """

    name: str
    function: Any
    framework: str
    given: frozenset[str]
    differentiates: bool
    leaves: Mapping[str, Array]
    own: frozenset[str]
    dtype: str

    def run(self, douts: Sequence[Array] | None, /, arrays: Mapping[str, Array] | None = None, exact: bool = False) -> Results:
        """One call.

        douts    cotangents in the order of the outputs; None for values alone
        arrays   other values for the leaves
        exact    whether it computes in float64, or wider, from the same rounded inputs
        """

    def values(self, arrays: Mapping[str, Array] | None = None, *, exact: bool = True) -> dict[str, Array]:
        """Outputs alone, for a trial of which there are many."""

    def measured(self, douts: Sequence[Array] | None, /, seed: int, dtype: str = "") -> dict[str, Measured]:
        """Truth and spread of outputs and gradients, by name; in another dtype if one is given. Raises NotWatched, Unstable."""

    def changed(self, keywords: Mapping[str, Any], *, rewritten: bool) -> AbstractContextManager[None]:
        """Inside, it is given more by keyword; and where its code is rewritten, nothing runs that was compiled before."""

    def point(self, seed: int, state: State, /) -> tuple[Point, list[Finding]] | None:
        """Where its gradients are held against differences of its values, and notes about that; None if it has no gradients."""


class Tensors:
    """A function of PyTorch, TensorFlow or JAX."""

    differentiates = True

    def __init__(
        self,
        name: str,
        framework: str,
        function: Callable[..., Any],
        inputs: Any,
        kwargs: Mapping[str, Any],
        dtype: str | None,
        gradients: bool = True,
        **asked: Any,
    ) -> None:
        self.name, self.function, self.framework, self._gradients = name, function, framework, gradients
        backend = load(framework)
        asked["called"] = "the reference" if name == "reference" else name
        self.subject = Differentiated(backend, function, handed(inputs, framework), handed(dict(kwargs), framework), **asked)
        own = {{"complex64": "float32", "complex128": "float64"}.get(name, name) for name in self.subject.dtypes}
        self.dtype = dtype or max(own, key=EPS.__getitem__)
        self.precision = OWN if dtype is None or own == {dtype} else Precision(stored=dtype, computed=dtype)
        self.wide = Precision(stored=self.precision.stored, computed="float64")
        self.leaves: Mapping[str, Array] = {leaf.name: leaf.array for leaf in self.subject.leaves}
        self.own = frozenset(leaf.name for leaf in self.subject.leaves if leaf.path[0] == "parameters")
        self.given = frozenset((*self.subject.arguments, *self.subject.keywords))
        self._random = random_state(backend, function, inputs, kwargs)

    def run(self, douts: Sequence[Array] | None, /, arrays: Mapping[str, Array] | None = None, exact: bool = False) -> Results:
        """See `Side`."""
        call = self._called(list((arrays or self.leaves).values()), exact=exact)
        dtypes = [self.subject.backend.dtype(tensor) for tensor in call.tensors]
        gradients = [None] * len(self.leaves) if douts is None else call.pulled(call.cotangents(douts))
        return Results(
            dict(zip(call.out_names, call.outs, strict=True)),
            dict(zip(call.out_names, dtypes, strict=True)),
            dict(zip(self.leaves, gradients, strict=True)),
        )

    def values(self, arrays: Mapping[str, Array] | None = None, *, exact: bool = True) -> dict[str, Array]:
        """See `Side`. JAX traces each call that may be differentiated, for long; where nothing is, it just computes."""
        call = self._called(list((arrays or self.leaves).values()), exact=exact, vjp=_plain if self.framework == "jax" else None)
        return dict(zip(call.out_names, call.outs, strict=True))

    def _called(self, arrays: Sequence[Array], *, exact: bool, vjp: Vjp | None = None) -> TensorCall:
        """Where no gradients are compared, a function that fails on inputs that need a gradient gets them without: it makes
        leaves for an optimizer of them, changes them in place, or hands them to NumPy.
        """
        precision = self.wide if exact else self.precision
        self._random()
        try:
            return self.subject.run(arrays, precision, vjp=vjp)
        except UserError:
            if self._gradients:
                raise
            self._random()
            return self.subject.run(arrays, precision, only=self.subject.insisted)

    def measured(self, douts: Sequence[Array] | None, seed: int, dtype: str = "") -> dict[str, Measured]:
        """By Monte Carlo arithmetic inside the framework."""
        self._random()
        precision = Precision(stored=dtype, computed=dtype) if dtype else self.precision
        truth, name = Itself(self.subject), dtype or self.dtype
        return dict(truth.outs(name, precision, seed) if douts is None else truth.measured(name, precision, douts, seed))

    def point(self, seed: int, state: State) -> tuple[Point, list[Finding]]:
        """See `Side`."""
        return point_of(self.subject, seed, state)

    @contextmanager
    def changed(self, keywords: Mapping[str, Any], *, rewritten: bool) -> Iterator[None]:
        """See `Side`."""
        with self.subject.given(keywords), self.subject.backend.untraced() if rewritten else nullcontext():
            yield


def _plain(run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
    """What it returns, and no gradient."""

    def pull(_: Sequence[Any]) -> list[Any]:
        return [None] * len(inputs)

    return run(inputs), pull


class Arrays:
    """A function of NumPy. It has values, and no gradients."""

    framework = "numpy"
    differentiates = False
    own: frozenset[str] = frozenset()

    def __init__(
        self, name: str, function: Callable[..., Any], inputs: Any, kwargs: Mapping[str, Any], dtype: str | None
    ) -> None:
        if dtype == "bfloat16":
            raise BadCall("dtype", "'bfloat16'", "a dtype of NumPy", SAY.format(f"the framework of {name}"))
        self.name, self.function = name, function
        self._given = Given(function, handed(inputs, "numpy"), handed(dict(kwargs), "numpy"))
        self.given = frozenset((*self._given.names, *kwargs))
        found = dict(tensors(self._given.tree, _is_float))
        self._paths = {written(path[1:]): path for path in found}
        if not found:
            raise BadCall("inputs", "without floats", "at least one array of floats")
        self.dtype = dtype or max((value.dtype.name for value in found.values()), key=EPS.__getitem__)
        self.leaves: Mapping[str, Array] = {name: np.array(found[path]) for name, path in self._paths.items()}

    def run(self, _: Sequence[Array] | None, arrays: Mapping[str, Array] | None = None, exact: bool = False) -> Results:
        """See `Side`."""
        dtype = np.dtype(self.dtype)
        rounded = {name: np.asarray(value).astype(dtype) for name, value in (arrays or self.leaves).items()}
        outs = self._called({name: value.astype(wider(dtype)) if exact else value for name, value in rounded.items()})
        return Results(
            {name: plain(out) for name, out in outs.items()},
            {name: np.asarray(out).dtype.name for name, out in outs.items()},
            dict.fromkeys(self.leaves),
        )

    def values(self, arrays: Mapping[str, Array] | None = None, *, exact: bool = True) -> dict[str, Array]:
        """See `Side`."""
        return self.run(None, arrays, exact).outs

    def measured(self, _: Sequence[Array] | None, seed: int, dtype: str = "") -> dict[str, Measured]:
        """By Monte Carlo arithmetic in NumPy."""
        dtype = dtype or self.dtype
        if dtype not in ("float32", "float64"):
            raise NotWatched(f"NumPy has no arithmetic like {dtype} of other programs")
        names = list(self.run(None).outs)

        def results(lift: Callable[[Array], Array]) -> list[Array]:
            return list(
                self._called(
                    {name: lift(np.asarray(value).astype(np.dtype(dtype))) for name, value in self.leaves.items()}
                ).values()
            )

        try:
            return dict(zip(names, arithmetic.measure(results, np.dtype(dtype), seed=seed), strict=True))
        except TypeError as error:
            raise NotWatched(f"{error}: write it in plain NumPy operations") from error

    def changed(self, keywords: Mapping[str, Any], *, rewritten: bool) -> AbstractContextManager[None]:
        """See `Side`. Nothing is compiled."""
        del rewritten
        return self._given.extended(keywords)

    def point(self, *_: Any) -> None:
        """See `Side`."""

    def _called(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        tree = self._given.replaced({self._paths[name]: value for name, value in arrays.items()})
        args, kwargs = self._given.arguments(tree)
        try:
            with np.errstate(all="ignore"):
                out = self.function(*args, **kwargs)
        except Exception as error:
            raise UserError(f"{self.name}, run with NumPy ({SAY.format('another framework')}),", error) from error
        found = {written(path): value for path, value in tensors({"out": out}, _is_float)}
        if not found:
            wanted = "a float, an array of floats, or a tuple or dict of them"
            raise BadCall(f"what {self.name} returns", type(out).__name__, wanted, SAY.format("a function of another framework"))
        return found


def _is_float(value: Any) -> bool:
    """A float of NumPy's or Python's, or an array of them; complex ones as well."""
    return isinstance(value, float) or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fc")
