"""A user's function behind one narrow interface, whatever style it is written in.

`Function.forward(arrays)` runs it on values for its differentiated arrays and returns a `Call`: what came out, and how to ask the
user's code for gradients. `Pair` does so for a forward and a backward:

    forward(*inputs, **static) -> out, or (out, cache)
    backward(dout, cache), backward(dout, *inputs), or backward(dout) of an object that remembers its forward
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import Leaf, copied, is_float, kind, leaves_of, replaced
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.gradients import arranged

Style = Literal["cache", "inputs", "object"]


class Call(Protocol):
    """One call of a user's forward.

    outs, out_names   the floats that it returned, flat, and their names
    """

    outs: list[Any]
    out_names: list[str]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """The user's gradients in the order of the function's names; None for one that was not returned."""


class Function(Protocol):
    """What is examined.

    leaves        the differentiated arrays
    description   what it is, for the first line of a report
    """

    leaves: list[Leaf]
    description: str

    def forward(self, arrays: Sequence[Any]) -> Call:
        """Run the user's forward on these values. Everything else that it gets is a copy. Raises UserError."""


class Pair:
    """A forward and a backward; see the module."""

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        inputs: Any,
        static: Mapping[str, Any] | None = None,
        *,
        wrt: Collection[str | int] | None = None,
        cached: bool | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        for argument, value in (("forward", forward), ("backward", backward)):
            if not callable(value):
                raise BadCall(argument, kind(value), "a function", f"Give the function itself: {argument}, not {argument}(...)")
        if static is not None and not isinstance(static, Mapping):
            raise BadCall("static", kind(static), "a dict of keyword arguments of forward")
        self._forward, self._backward, self._static = forward, backward, dict(static or {})
        self._keywords, self.inputs = _as_positional(forward, inputs)
        self.names = _names(forward, self.inputs, self._keywords, names)
        self.leaves = leaves_of(self.inputs, self.names, wrt)
        self.style: Style = _style(backward, self.inputs, cached)
        self._asked = cached
        self.description = f"{called(forward)} and {called(backward)}"

    def forward(self, arrays: Sequence[Any]) -> PairCall:
        """Run the user's forward."""
        inputs = replaced(self.inputs, self.leaves, arrays)
        returned = self.run(inputs)
        if self.style == "cache" and self._asked is None and len(self.inputs) == 1 and not _is_pair(returned):
            self.style = "inputs"  # one input: backward(dout, cache) and backward(dout, x) look the same until forward has run
        out, cache = self._parted(returned)
        return PairCall(self, inputs, out, cache)

    def run(self, inputs: Sequence[Any]) -> Any:
        """What the user's forward returns."""
        static = copied(self._static)
        try:
            if self._keywords:
                return self._forward(**dict(zip(self._keywords, inputs, strict=True)), **static)
            return self._forward(*inputs, **static)
        except Exception as error:
            raise UserError("forward", error) from error

    def gradients(self, dout: Any, inputs: Sequence[Any], cache: Any) -> Any:
        """What the user's backward returns."""
        given = {"cache": (cache,), "inputs": tuple(inputs), "object": ()}[self.style]
        accepted = _keywords_of(self._backward)
        static = {name: copied(value) for name, value in self._static.items() if name in accepted}
        try:
            return self._backward(dout, *given, **static)
        except Exception as error:
            raise UserError("backward", error) from error

    def _parted(self, returned: Any) -> tuple[Any, Any]:
        if self.style != "cache":
            return returned, None
        if not _is_pair(returned):
            raise BadCall(
                "what forward returns",
                kind(returned),
                "(out, cache), for backward takes a cache",
                "If backward takes the inputs instead, say cached=False",
            )
        out, cache = returned
        return out, cache


@dataclass
class PairCall:
    """A call of a pair's forward."""

    pair: Pair
    inputs: tuple[Any, ...]
    out: Any
    cache: Any

    def __post_init__(self) -> None:
        found = list(_floats("out", self.out))
        if not found:
            raise BadCall("what forward returns", kind(self.out), "a float, an array of floats, or a tuple, list or dict of them")
        self.out_names, self.outs = [name for name, _ in found], [value for _, value in found]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """Ask the user's backward."""
        if self.pair.style == "object":
            self.pair.run(self.inputs)  # an object remembers its last forward alone
        dout = _mirrored(self.out, iter(douts))
        returned = self.pair.gradients(dout, self.inputs, self.cache)
        return arranged(returned, self.pair.inputs, self.pair.names, self.pair.leaves)


def _as_positional(forward: Callable[..., Any], inputs: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Keywords under which inputs are handed over, if a dict of them came; and the inputs in a tuple."""
    if isinstance(inputs, Mapping):
        parameters = _positional(forward)
        if inputs and set(inputs) <= set(parameters):
            return tuple(inputs), tuple(inputs.values())
        return (), (inputs,)
    if isinstance(inputs, (tuple, list)):
        return (), tuple(inputs)
    return (), (inputs,)


def _names(forward: Callable[..., Any], inputs: Sequence[Any], keywords: Sequence[str], names: Sequence[str] | None) -> list[str]:
    if names is not None:
        if isinstance(names, str) or len(names) != len(inputs) or len(set(names)) != len(names):
            raise BadCall("names", repr(names), f"{len(inputs)} different names, one for each input")
        return list(names)
    if keywords:
        return list(keywords)
    parameters = _positional(forward)[: len(inputs)]
    return [*parameters, *(f"input{i}" for i in range(len(parameters), len(inputs)))]


def _style(backward: Callable[..., Any], inputs: Sequence[Any], cached: bool | None) -> Style:
    if cached is not None:
        return "cache" if cached else "inputs"
    try:
        parameters = list(inspect.signature(backward).parameters.values())
    except (TypeError, ValueError):  # compiled functions may have no signature
        return "cache"
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return "inputs"
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    if not positional:
        raise BadCall("backward", "a function of no positional argument", "backward(dout, cache) or backward(dout, *inputs)")
    if len(positional) == 1:
        return "object"
    if len(required) <= 2 and len(inputs) != 1:
        return "cache"
    return "cache" if len(inputs) == 1 else "inputs"


def _positional(function: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _keywords_of(function: Callable[..., Any]) -> set[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return set()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}


def _is_pair(returned: Any) -> bool:
    return type(returned) in (tuple, list) and len(returned) == 2


def _floats(name: str, out: Any) -> list[tuple[str, Any]]:
    if is_float(out):
        return [(name, out)]
    branches = out.items() if isinstance(out, Mapping) else enumerate(out) if isinstance(out, (tuple, list)) else ()
    return [found for key, branch in branches for found in _floats(f"{name}[{key}]", branch)]


def _mirrored(out: Any, douts: Any) -> Any:
    """The cotangents in the structure of out; zeros where out has no floats."""
    if is_float(out):
        return next(douts)
    if isinstance(out, Mapping):
        return {key: _mirrored(branch, douts) for key, branch in out.items()}
    if isinstance(out, (tuple, list)):
        branches = [_mirrored(branch, douts) for branch in out]
        return type(out)(*branches) if hasattr(out, "_fields") else type(out)(branches)
    return np.zeros(np.shape(out)) if isinstance(out, (np.ndarray, int)) else None


def called(function: Callable[..., Any]) -> str:
    """A function's name, and where it is written."""
    inner = inspect.unwrap(getattr(function, "func", function))
    name = getattr(inner, "__qualname__", type(inner).__name__).replace("<locals>.", "")
    code = getattr(getattr(inner, "__func__", inner), "__code__", None)
    return f"{name} (line {code.co_firstlineno} of {code.co_filename.rpartition('/')[2]})" if code else name
