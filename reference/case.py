"""Ops, optimizers and cases. An op is a pair of functions; a case is an executable example of it.

Nothing here knows of frameworks, tolerances or skips.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np

from .domain import Arguments, Pick

Array = np.ndarray[Any, np.dtype[Any]]
Inputs = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Case:
    """An example of an op: `forward(*case.inputs(rng), **case.attrs)` is a valid call, and its gradient exists.

    id       unique within the op; the first case of an op is its generic point
    inputs   rng -> the positional arguments of forward, float64; it owns the domain
    attrs    the keyword arguments of forward (labels, axes, flags); arrays of floats follow the dtype of the inputs
    kink     whether the case lies on a kink on purpose; the gradient is a set there
    zero     names of arguments whose gradient is exactly zero by the mathematics
    """

    id: str
    inputs: Inputs
    attrs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    kink: bool = False
    zero: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Op:
    """A differentiable function with its hand-derived vjp.

    forward(*differentiable, /, **static) -> (out, cache);  backward(dout, cache) -> one gradient per differentiable
    argument. A model is an op whose first argument is a flat dict of arrays. Its first gradient is a dict with the same keys.

    detached   positions in a tuple `out` of arrays that are never differentiated, such as running statistics. Their cotangent
               is zero, and backward may ignore it
    domain     pick -> any valid arguments of forward, chosen by a `Pick`; models have none
    """

    name: str
    family: str
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., tuple[Any, ...]]
    cases: tuple[Case, ...]
    detached: tuple[int, ...] = ()
    domain: Callable[[Pick], Arguments] | None = None

    @classmethod
    def of(cls, module: ModuleType) -> Op:
        """The op that a module of the reference defines: its `forward`, `backward` and `CASES`, `DETACHED` and `domain`."""
        _, family, name = module.__name__.rsplit(".", 2)
        cases, detached = tuple(module.CASES), tuple(getattr(module, "DETACHED", ()))
        return cls(name, family, module.forward, module.backward, cases, detached, getattr(module, "domain", None))


@dataclass(frozen=True, eq=False)
class Optimizer:
    """A pure update rule: step(param, grad, state, *, lr, ...) -> (param, state), from the state init(param).

    A case's inputs are (param, grads): the parameter before the first step, and the gradients of all steps, stacked along axis 0.
    """

    name: str
    init: Callable[[Array], dict[str, Array]]
    step: Callable[..., tuple[Array, dict[str, Array]]]
    cases: tuple[Case, ...]

    @classmethod
    def of(cls, module: ModuleType) -> Optimizer:
        """The optimizer that a module of the reference defines: its `init`, `step` and `CASES`."""
        return cls(module.__name__.rsplit(".", 1)[-1], module.init, module.step, tuple(module.CASES))


def seed(*names: str) -> int:
    """A seed that depends on the names alone. The order of tests, the process and PYTHONHASHSEED do not change it."""
    return zlib.crc32("/".join(names).encode())


def invalid(op: str, argument: str, came: object, wanted: str) -> ValueError:
    """The ValueError for an invalid argument. It names the op, the argument, what came and what was wanted.

    Callers write `if not ...: raise invalid(...)`, so that no message is formatted for a valid argument.
    """
    return ValueError(f"{op}: {argument} is {came}; wanted {wanted}")


def require_floats(op: str, **arguments: Array) -> None:
    """Check that arguments are arrays of floats, all of the dtype of the first. Nothing is cast silently.

    Raises ValueError for the first argument that is not.
    """
    first, wanted = "", None
    for name, value in arguments.items():
        dtype = getattr(value, "dtype", None)
        if dtype is None:
            raise invalid(op, name, f"a {type(value).__name__}", "an array of floats")
        if dtype is wanted:
            continue
        if dtype.kind != "f":
            raise invalid(op, name, f"of dtype {dtype}", "floats")
        if first and dtype != wanted:
            raise invalid(op, name, f"of dtype {dtype}", f"{wanted}, the dtype of {first}")
        first, wanted = first or name, dtype


def away_from(kinks: tuple[float, ...], rng: np.random.Generator, *shape: int) -> Array:
    """Inputs of a piecewise function: normal numbers of standard deviation 4, none within 0.05 of a kink."""
    x = 4 * np.asarray(rng.normal(size=shape))
    for kink in kinks:
        x = np.where(np.abs(x - kink) < 0.05, x + 0.1, x)
    return x
