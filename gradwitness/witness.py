"""What the reference says about one function at one point.

A `Subject` is a forward/backward pair with its arguments. `check` holds its backward against numerical
differentiation of its forward. `Evidence` is what the pair, run in a wider dtype and under Monte Carlo arithmetic,
has to say for a dtype; `Evidence.judge` holds anybody's results against it. Differentiable arguments are arrays or
flat dicts of arrays (a model's parameters); static ones are whatever forward takes by keyword.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arithmetic import Array, Measured, measure, unit_roundoff, wider
from gradwitness.oracles import Estimate, derivative
from gradwitness.verdict import Disagreement, K, judge, judge_between, judge_within

Lift = Callable[[Array], Array]

ENTRYWISE = 32
"""Arguments of at most so many elements are differentiated one by one; larger ones along a random direction."""
BLIND = 1e-6
"""An error bar wider than this fraction of the gradient would prove nothing."""


class Vacuous(AssertionError):
    """A check that could not have failed: the gradient is zero within rounding, or the error bar as wide as the
    gradient.
    """


def tree_map(function: Callable[[Array], Any], tree: Any) -> Any:
    """The tree with function applied to its arrays; tuples, lists and dicts branch, anything else is left as it is."""
    if isinstance(tree, Mapping):
        return {key: tree_map(function, branch) for key, branch in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)(tree_map(function, branch) for branch in tree)
    return function(np.asanyarray(tree)) if isinstance(tree, (np.ndarray, np.floating)) else tree


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves of a tree of tuples, lists and dicts, in order."""
    if isinstance(tree, Mapping):
        tree = tuple(tree.values())
    if isinstance(tree, (tuple, list)):
        for branch in tree:
            yield from leaves(branch)
    else:
        yield tree


def floats_to(dtype: Any) -> Callable[[Array], Array]:
    """A function that casts arrays of floats to dtype, and leaves integers and booleans alone."""
    return lambda array: array.astype(dtype) if array.dtype.kind == "f" else array


@dataclass(frozen=True)
class Subject:
    """A forward/backward pair and where to evaluate it.

    forward(*inputs, **static) -> (out, cache); backward(dout, cache) -> one gradient per input, in order
    seed    of the random cotangent and of Monte Carlo arithmetic
    kink    the gradient is a set at some elements: between the one-sided derivatives
    zero    names of inputs whose gradient is exactly zero
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], Sequence[Any]]
    inputs: tuple[Any, ...]
    static: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    kink: bool = False
    zero: tuple[str, ...] = ()

    @cached_property
    def arguments(self) -> list[str]:
        """The names of the inputs, from forward's signature."""
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = [p.name for p in inspect.signature(self.forward).parameters.values() if p.kind in kinds]
        return [names[i] if i < len(names) else f"input{i}" for i in range(len(self.inputs))]

    @cached_property
    def gradients(self) -> list[str]:
        """A name for each array of the gradient: dx, dweight, dparams[hidden.bias]."""
        return [
            f"d{name}[{key}]" if key else f"d{name}"
            for name, value in zip(self.arguments, self.inputs, strict=True)
            for key in (value if isinstance(value, Mapping) else [""])
        ]

    @cached_property
    def names(self) -> list[str]:
        """A name for each array of a result: out (or out[0], out[1], ...), then the gradients."""
        outs = ["out"] if not isinstance(self.cotangent, tuple) else [f"out[{i}]" for i in range(len(self.cotangent))]
        return [*outs, *self.gradients]

    @cached_property
    def cotangent(self) -> Any:
        """Random, in the shape of out. Never ones: under them the gradient of softmax is zero, and a missing factor
        may cancel.
        """
        rng = np.random.default_rng((self.seed, 1))
        with np.errstate(all="ignore"):
            out, _ = self.forward(*self.inputs, **self.static)
        return tree_map(lambda o: np.asarray(rng.normal(size=np.shape(o))), out)

    def rounded(self, dtype: Any) -> Subject:
        """The same subject with every array of floats rounded to dtype."""
        cast = floats_to(dtype)
        subject = Subject(
            self.forward, self.backward, tree_map(cast, self.inputs), tree_map(cast, self.static), self.seed, self.kink, self.zero
        )
        subject.__dict__["cotangent"] = tree_map(cast, self.cotangent)  # drawn once, in float64, for all dtypes
        return subject

    def run(self, lift: Lift, wide: Any) -> list[Array]:
        """out and gradients, in the order of `names`; lift is applied to inputs and cotangent, static floats become
        wide.
        """
        out, cache = self.forward(*tree_map(lift, self.inputs), **tree_map(floats_to(wide), self.static))
        return [*leaves(out), *self.align(self.backward(tree_map(lift, self.cotangent), cache))]

    def align(self, grads: Sequence[Any]) -> list[Array]:
        """The arrays of a gradient in the order of `gradients`; raises Disagreement where its structure is another."""
        if len(grads) != len(self.inputs):
            raise Disagreement(
                "gradient", reason=f"{len(grads)} gradients for {len(self.inputs)} inputs ({', '.join(self.arguments)})"
            )
        aligned: list[Array] = []
        for name, value, grad in zip(self.arguments, self.inputs, grads, strict=True):
            if not isinstance(value, Mapping):
                aligned.append(grad)
            elif set(grad) != set(value):
                raise Disagreement(f"d{name}", reason=f"entries are {sorted(grad)}; wanted {sorted(value)}")
            else:
                aligned.extend(grad[key] for key in value)
        return aligned


@dataclass(frozen=True)
class Evidence:
    """What is true of a subject in a dtype, and how far rounding may carry an honest result from it."""

    subject: Subject
    dtype: np.dtype[Any]
    measured: list[Measured]

    @classmethod
    def of(cls, subject: Subject, dtype: Any) -> Evidence:
        """Measure a subject on its inputs, rounded to dtype first."""
        dtype = np.dtype(dtype)
        rounded = subject.rounded(dtype)
        measured = measure(lambda lift: rounded.run(lift, wider(dtype)), dtype, seed=subject.seed)
        return cls(rounded, dtype, measured)

    @property
    def names(self) -> list[str]:
        """The names of the results, in order."""
        return self.subject.names

    @cached_property
    def native(self) -> list[Array]:
        """What the pair itself returns in dtype."""
        with np.errstate(all="ignore"):
            return [np.asarray(a) for a in self.subject.run(lambda array: array, self.dtype)]

    @cached_property
    def intervals(self) -> list[tuple[Array, Array] | None]:
        """For each result the bounds of the truth where it is a set (at a kink), None elsewhere."""
        if not self.subject.kink:
            return [None] * len(self.measured)
        numerics = _Numerics(self.subject)
        outs = len(self.measured) - len(self.subject.gradients)
        intervals: list[tuple[Array, Array] | None] = [None] * outs
        for i, expected in enumerate(self.measured[outs:]):
            below, above = (numerics.entries(i, side) for side in (-1, 1))
            bar = below[1] + above[1]
            differ = np.abs(above[0] - below[0]) > bar
            low, high = np.minimum(below[0], above[0]) - bar, np.maximum(below[0], above[0]) + bar
            intervals.append((np.where(differ, low, expected.truth), np.where(differ, high, expected.truth)))
        return intervals

    def judge(self, results: Sequence[Array]) -> dict[str, float]:
        """The worst distance of each result from the truth, in units of spread. results stand in the order of
        `subject.names`.

        Raises Disagreement for the first result that differs.
        """
        if len(results) != len(self.measured):
            raise Disagreement("result", reason=f"{len(results)} arrays; wanted {len(self.measured)}")
        rows = zip(self.subject.names, results, self.measured, self.intervals, strict=True)
        return {name: judge(name, actual, expected, self.dtype, interval) for name, actual, expected, interval in rows}

    def members(self, results: Sequence[Array]) -> list[float]:
        """Which members of the set were picked at kinks: 0 is the derivative from below, 1 the one from above."""
        picked: set[float] = set()
        outs = len(self.measured) - len(self.subject.gradients)
        for i, (actual, interval) in enumerate(zip(results[outs:], self.intervals[outs:], strict=True)):
            if interval is None or not (differ := interval[0] < interval[1]).any():
                continue
            below, above = (self._sides(i, side) for side in (-1, 1))
            share = (np.asarray(actual)[differ] - below[differ]) / (above[differ] - below[differ])
            picked |= {round(float(s), 3) + 0.0 for s in share}
        return sorted(picked)

    def _sides(self, gradient: int, side: int) -> Array:
        return _Numerics(self.subject).entries(gradient, side)[0]


class _Numerics:
    """Numerical derivatives of F(x) = <cotangent, forward(x)> in the widest dtype there is."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.wide = np.dtype(np.longdouble)
        # Noise is measured one dtype below the widest, where rounding can be simulated, and scales with the unit roundoff.
        below = np.float64 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float32
        self.scale = unit_roundoff(self.wide) / unit_roundoff(below)
        self.static = tree_map(floats_to(self.wide), subject.static)
        self.inputs = tree_map(floats_to(self.wide), subject.inputs)
        self.cotangent = tree_map(floats_to(self.wide), subject.cotangent)
        value, *gradient = measure(
            lambda lift: [self._value(tree_map(lambda a: lift(a) + 0, subject.inputs)), *subject.run(lift, self.wide)],
            below,
            seed=subject.seed,
        )
        self.noise = K * self.scale * float(value.spread)
        self.gradient = gradient[len(gradient) - len(subject.gradients) :]

    def _value(self, inputs: Any) -> Any:
        out, _ = self.subject.forward(*inputs, **self.static)
        products = [(d * o).sum(keepdims=True).reshape(()) for d, o in zip(leaves(self.cotangent), leaves(out), strict=True)]
        return sum(products[1:], products[0])

    def along(self, which: int, direction: Array, side: int = 0) -> Estimate:
        """The derivative of F along a direction in its which-th array."""

        def f(t: np.longdouble) -> np.longdouble:
            arrays = iter(range(len(self.subject.gradients)))
            moved = tree_map(lambda a: a + t * direction if next(arrays) == which else a, self.inputs)
            return np.longdouble(self._value(moved))

        with np.errstate(all="ignore"):
            return derivative(f, self.noise, side)  # type: ignore[arg-type]

    def entries(self, which: int, side: int = 0) -> tuple[Array, Array]:
        """Value and error bar of the derivative with respect to each element of the which-th array."""
        array = list(leaves(self.inputs))[which]
        value, bar = np.zeros_like(array), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            direction = np.zeros_like(array)
            direction[index] = 1
            estimate = self.along(which, direction, side)
            value[index], bar[index] = estimate.value, estimate.error
        return value, bar


def check(
    forward: Callable[..., tuple[Any, Any]],
    backward: Callable[[Any, Any], Sequence[Any]],
    inputs: tuple[Any, ...],
    static: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    kink: bool = False,
    zero: tuple[str, ...] = (),
) -> dict[str, float]:
    """Is this backward the derivative of this forward? Numerical differentiation with an error bar decides.

    forward(*inputs, **static) -> (out, cache) and backward(dout, cache) -> gradients, in NumPy, generic in dtype;
    inputs are float64 arrays or dicts of them. Returns the distance of each gradient from the numerical one, in
    units of its error bar.

    Small arguments (up to 32 elements) are checked element by element, larger ones along a random direction. With
    `kink`, each element must lie between the one-sided derivatives.

    Raises Disagreement naming the gradient, the element and both values; Vacuous where the gradient is zero within
    rounding and `zero` does not name it, or the error bar too wide to prove anything; TypeError for an input
    that is no array of floats, and where an array on the way lost its subclass.
    """
    subject = Subject(forward, backward, inputs, dict(static or {}), seed, kink, zero)
    for name, value in zip(subject.arguments, inputs, strict=True):
        for leaf in leaves(value):
            if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
                came = f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else f"a {type(leaf).__name__}"
                raise TypeError(f"input {name} is {came}; wanted an array of floats, or a dict of them")
    return check_subject(subject)


def check_subject(subject: Subject) -> dict[str, float]:
    """`check` for a subject."""
    numerics = _Numerics(subject)
    rng = np.random.default_rng((subject.seed, 2))
    distances = {}
    arrays = list(leaves(numerics.inputs))
    owners = [name for name, value in zip(subject.arguments, subject.inputs, strict=True) for _ in leaves(value)]
    for i, (name, array, expected) in enumerate(zip(subject.gradients, arrays, numerics.gradient, strict=True)):
        analytic, slack = expected.truth, K * numerics.scale * expected.spread
        if analytic.shape != array.shape:
            raise Disagreement(name, reason=f"shape is {analytic.shape}; wanted {array.shape}")
        below_rounding = bool((np.abs(analytic) <= K * expected.spread).all())
        declared = owners[i] in subject.zero or name[1:] in subject.zero
        if below_rounding and not declared and not subject.kink:
            raise Vacuous(
                f"{name} is zero within rounding: no backward could fail here. If that is the mathematics, declare it zero"
            )
        if declared and not below_rounding:
            raise Disagreement(name, reason=f"declared zero, but reaches {np.abs(analytic).max():.3g}")
        if subject.kink:
            below, above = numerics.entries(i, -1), numerics.entries(i, 1)
            low, high = np.minimum(below[0], above[0]), np.maximum(below[0], above[0])
            distances[name] = judge_between(name, analytic, low, high, slack + below[1] + above[1])
        elif array.size <= ENTRYWISE:
            value, bar = numerics.entries(i)
            _see(name, bar, analytic, declared)
            distances[name] = judge_within(name, analytic, value, bar + slack)
        else:
            direction = rng.normal(size=array.shape).astype(np.float32).astype(array.dtype)  # few digits: x + t v rounds less
            estimate = numerics.along(i, direction)
            projected, slack = np.asarray((analytic * direction).sum()), np.abs(slack * direction).sum()
            _see(name, estimate.error, np.sqrt((analytic**2).sum()), declared)
            distances[name] = judge_within(f"{name} along a random direction", projected, estimate.value, estimate.error + slack)
    return distances


def _see(name: str, bar: Any, gradient: Any, declared_zero: bool) -> None:
    if not declared_zero and not np.max(bar, initial=0) <= BLIND * np.max(np.abs(gradient), initial=0):
        raise Vacuous(f"{name}: the error bar {np.max(bar):.3g} is not small against the gradient {np.max(np.abs(gradient)):.3g}")
