"""What is tried in a user's own code: settings and numbers, how it pads, axes, divisors, and rows that should be columns."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing import numbers
from gradwitness.comparing.applied import applied, methods
from gradwitness.comparing.code import (
    Called,
    functions_of,
    held,
    library_calls,
)
from gradwitness.comparing.lengths import by_lengths
from gradwitness.comparing.numbers import AXES
from gradwitness.comparing.trial import Trial

NORMALIZED = ("softmax", "log_softmax", "logsumexp", "normalize", "l2_normalize", "standardize")
"""Functions whose axis is tried."""
DIVIDED = {"std": ("correction", "ddof"), "var": ("correction", "ddof"), "std_mean": ("correction",), "var_mean": ("correction",)}
"""Functions that divide by n or by n - 1, and their setting."""
BEFORE = 3
"""Arguments of such a method of JAX before ddof: axis, dtype, out."""
CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
"""Functions of PyTorch."""


def rewrites(function: Any, framework: str, others: Sequence[Any], inputs: Sequence[Array] = ()) -> Iterator[Trial]:
    """The changes of a function's code.

    others   the functions that it should agree with: their numbers are tried first
    inputs   whose lengths may scale what a softmax gets
    """
    own = functions_of(function)
    calls = library_calls(function)
    yield from numbers.settings(calls, numbers.numbers_of(others))
    theirs = [number for other in others for each in functions_of(other) for number in numbers.small(each)]
    yield from numbers.written(own, theirs)
    yield from numbers.elsewhere(own, theirs)
    yield from _columns(own)
    yield from _divided(own, calls, framework)
    yield from _padded(calls)
    yield from _as_same(calls, framework)
    yield from _medians(own, calls, framework)
    yield from _axes(calls)
    yield from by_lengths(calls, inputs)
    yield from applied(own, calls, framework, inputs)
    yield from numbers.larger(own, numbers.numbers_of(others))


def _columns(own: list[types.FunctionType]) -> Iterator[Trial]:
    """Rows that are kept from outside as columns, and columns as rows: (N, 1) and (N,) broadcast to (N, N)."""
    tried: set[int] = set()
    for function in own:
        for name, where, value in held(function):
            if id(value) in tried or not _floats(value):
                continue
            tried.add(id(value))
            shape = tuple(value.shape)
            if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
                other = value[:, None] if len(shape) == 1 else value[:, 0]
                said = f"with {name} of shape {tuple(other.shape)}, in place of {shape}, so that it broadcasts otherwise,"
                yield Trial(said, ((*where, other),))


def _floats(value: Any) -> bool:
    """Whether it is an array or a tensor of floats."""
    return not isinstance(value, types.ModuleType) and "float" in str(getattr(value, "dtype", "")) and hasattr(value, "shape")


def _divided(own: list[types.FunctionType], calls: list[Called], framework: str) -> Iterator[Trial]:
    """Standard deviations and variances by n, and by n - 1."""
    for call in calls:
        for setting in DIVIDED.get(str(call.where[1]), ()):
            if call.default(setting) is not None:
                for value in (0, 1):
                    yield Trial(f"with {setting}={value} in {call.name}", (call.given(**{setting: value}),))
    names = {name for function in own for name in function.__code__.co_names}
    if framework == "torch":
        yield from _divided_by_methods(names)
    if framework == "jax":
        yield from _divided_by_methods_of_jax(names)


def _divided_by_methods(names: set[str]) -> Iterator[Trial]:
    """The same of a tensor's methods in PyTorch."""
    import torch

    for name in sorted(names & {"std", "var"}):
        call = Called((torch.Tensor, name), name, getattr(torch.Tensor, name))
        for value in (0, 1):

            def divided(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], value: int = value) -> Any:
                kept = {key: each for key, each in kwargs.items() if key != "unbiased"}
                return function(*(each for each in args if not isinstance(each, bool)), **{**kept, "correction": value})

            yield Trial(f"with correction={value} in x.{name}()", (call.replaced(divided),))


def _divided_by_methods_of_jax(names: set[str]) -> Iterator[Trial]:
    """The same of JAX: an array has its methods from its class, a tracer from that of its abstract value."""
    import jax.numpy as jnp

    concrete, abstract = type(jnp.zeros(())), type(jnp.zeros(()).aval)
    for name in sorted(names & {"std", "var"}):
        method, wrapped = [inspect.getattr_static(kind, name, None) for kind in (concrete, abstract)]
        if method is None or wrapped is None:
            continue
        for value in (0, 1):

            def divided(self: Any, *args: Any, method: Any = method, value: int = value, **kwargs: Any) -> Any:
                kept = {key: each for key, each in kwargs.items() if key not in DIVIDED["var"]}
                return method(self, *args[:BEFORE], **kept, ddof=value)

            changes = ((concrete, name, divided), (abstract, name, type(wrapped)(divided)))
            yield Trial(f"with ddof={value} in x.{name}()", changes)


def _axes(calls: list[Called]) -> Iterator[Trial]:
    """Softmax and norms over another axis."""
    for call in calls:
        for axis in AXES if call.where[1] in NORMALIZED else ():
            if call.default(axis) is not None or axis == "dim":
                for value in (-1, 0, 1, 2):
                    yield Trial(f"with {axis}={value} in {call.name}", (call.given(**{axis: value}),))


def _padded(calls: list[Called]) -> Iterator[Trial]:
    """Paddings that a function writes out, the other way round, and behind alone."""
    for call in calls:
        if call.where[1] != "pad":
            continue
        for words, turn in (
            ("exchanged", lambda a, b: (b, a)),
            ("behind alone", lambda a, b: (0, b)),
            ("in front alone", lambda a, b: (a, 0)),
        ):

            def padded(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], turn: Any = turn) -> Any:
                if len(args) < 2:
                    key = next((key for key in ("pad", "paddings", "pad_width") if key in kwargs), None)
                    return function(*args, **({**kwargs, key: _turned(kwargs[key], turn)} if key else kwargs))
                return function(args[0], _turned(args[1], turn), *args[2:], **kwargs)

            yield Trial(f"with paddings {words} in {call.name}", (call.replaced(padded),))
        name = "value" if call.function.__module__.startswith("torch") else "constant_values"
        for number in (-np.inf, 0.0):  # a maximum over what is padded with zeros is no maximum of what was there
            yield Trial(f"with {name}={number:g} in {call.name}", (call.given(**{name: number}),))


def _as_same(calls: list[Called], framework: str) -> Iterator[Trial]:
    """PyTorch's convolutions padded as "SAME" is in TensorFlow and JAX, with a stride: more behind than in front."""
    for call in calls if framework == "torch" else ():
        if call.where[1] in CONVOLUTIONS:
            yield Trial(f"with the padding that SAME is, more behind than in front, in {call.name}", (call.replaced(_same),))


def _same(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    import torch

    given = dict(zip(("input", "weight", "bias", "stride", "padding", "dilation", "groups"), args, strict=False)) | kwargs
    axes = given["weight"].ndim - 2
    strides, dilations = [_each(given.get(name, 1), axes) for name in ("stride", "dilation")]
    sides: list[int] = []
    for axis in reversed(range(axes)):  # the last axis comes first
        length, kernel = given["input"].shape[axis - axes], given["weight"].shape[axis - axes]
        steps = -(-length // strides[axis])
        total = max((steps - 1) * strides[axis] + dilations[axis] * (kernel - 1) + 1 - length, 0)
        sides += [total // 2, total - total // 2]
    return function(**{**given, "input": torch.nn.functional.pad(given["input"], sides), "padding": 0})


def _medians(own: list[types.FunctionType], calls: list[Called], framework: str) -> Iterator[Trial]:
    """PyTorch's median is the lower one of two in the middle; that of NumPy and JAX is their mean."""
    if framework != "torch":
        return
    for call in [*(call for call in calls if call.where[1] == "median"), *methods(own, ("median",))]:
        words = f"with the mean of both values in the middle, in place of the lower one, in {call.name}"
        yield Trial(words, (call.replaced(_mean),))


def _mean(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Of the lower median and the upper one, which is the lower one of what is negated."""
    tensor, *rest = args
    lower, negated = function(tensor, *rest, **kwargs), function(-tensor, *rest, **kwargs)
    if not isinstance(lower, tuple):
        return (lower - negated) / 2
    return type(lower)(((lower[0] - negated[0]) / 2, lower[1]))


def _each(value: Any, axes: int) -> list[int]:
    """A number for each axis."""
    return (
        [int(each) for each in value] * (axes if len(value) == 1 else 1) if isinstance(value, (tuple, list)) else [value] * axes
    )


def _turned(pad: Any, turn: Callable[[int, int], tuple[int, int]]) -> Any:
    """Pairs of paddings, in a row as in PyTorch or one for each axis, changed."""
    array = np.asarray(pad)
    if array.size % 2 or not array.ndim:
        return pad
    pairs = [turn(*pair) for pair in array.reshape(-1, 2).tolist()]
    return [each for pair in pairs for each in pair] if array.ndim == 1 else pairs
