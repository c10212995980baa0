"""A forward and a backward in NumPy, their arguments, and the random cotangent at which they are examined.

Differentiable arguments are arrays, or flat dicts of arrays such as the parameters of a model. Static arguments are those that
forward takes by keyword.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.verdict import Disagreement

Lift = Callable[[Array], Array]


def tree_map(function: Callable[[Array], Any], tree: Any) -> Any:
    """The tree with function applied to its arrays. Tuples, lists and dicts are branches; any other leaf stays as it is."""
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


def _paths(name: str, tree: Any) -> Iterator[str]:
    """The name of each leaf of a tree: name[0], name[key], ..."""
    if isinstance(tree, (tuple, list)):
        tree = dict(enumerate(tree))
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from _paths(f"{name}[{key}]", branch)
    else:
        yield name


def floats_to(dtype: Any) -> Callable[[Array], Array]:
    """A function that casts arrays of floats to dtype, and does not change integers and booleans."""
    return lambda array: array.astype(dtype) if array.dtype.kind == "f" else array


@dataclass(frozen=True, eq=False)
class Subject:
    """A forward and a backward, and the point at which they are examined.

    forward    forward(*inputs, **static) -> (out, cache)
    backward   backward(dout, cache) -> one gradient for each input, in order
    seed       of the random cotangent and of Monte Carlo arithmetic
    kink       whether the point is a kink: the gradient of some elements is a set, between the one-sided derivatives
    zero       names of inputs whose gradient is exactly zero
    detached   positions in a tuple out of arrays that are never differentiated; their cotangent is zero
    dout       the cotangent; None for a random one
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], Sequence[Any]]
    inputs: tuple[Any, ...]
    static: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    kink: bool = False
    zero: tuple[str, ...] = ()
    detached: tuple[int, ...] = ()
    dout: Any = None

    @cached_property
    def arguments(self) -> list[str]:
        """The names of the inputs, from forward's signature."""
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = [p.name for p in inspect.signature(self.forward).parameters.values() if p.kind in kinds]
        return [names[i] if i < len(names) else f"input{i}" for i in range(len(self.inputs))]

    @cached_property
    def gradients(self) -> list[str]:
        """The name of each array of the gradient: dx, dweight, dparams[hidden.bias]."""
        return [
            f"d{name}[{key}]" if key else f"d{name}"
            for name, value in zip(self.arguments, self.inputs, strict=True)
            for key in (value if isinstance(value, Mapping) else [""])
        ]

    @cached_property
    def names(self) -> list[str]:
        """The name of each array of a result: out (or out[0], out[1][running_mean], ...), then the gradients."""
        return [*_paths("out", self.cotangent), *self.gradients]

    @cached_property
    def cotangent(self) -> Any:
        """A random array in the shape of out. With ones, the gradient of softmax is zero and a missing factor may cancel."""
        if self.dout is not None:
            return self.dout
        rng = np.random.default_rng((self.seed, 1))
        with np.errstate(all="ignore"):
            out, _ = self.forward(*self.inputs, **self.static)
        cotangent = tree_map(lambda o: np.asarray(rng.normal(size=np.shape(o))), out)
        if not self.detached:
            return cotangent
        return tuple(tree_map(np.zeros_like, d) if i in self.detached else d for i, d in enumerate(cotangent))

    def rounded(self, dtype: Any) -> Subject:
        """The same subject with every array of floats rounded to dtype."""
        cast = floats_to(dtype)
        dout = tree_map(cast, self.cotangent)  # one cotangent for all dtypes, drawn in float64
        return replace(self, inputs=tree_map(cast, self.inputs), static=tree_map(cast, self.static), dout=dout)

    def run(self, lift: Lift, wide: Any) -> list[Array]:
        """out and gradients, in the order of `names`. lift converts inputs and cotangent; static floats are cast to wide."""
        out, cache = self.forward(*tree_map(lift, self.inputs), **tree_map(floats_to(wide), self.static))
        return [*leaves(out), *self.align(self.backward(tree_map(lift, self.cotangent), cache))]

    def align(self, grads: Sequence[Any]) -> list[Array]:
        """The arrays of a gradient, in the order of `gradients`. Raises Disagreement if its structure is another."""
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
