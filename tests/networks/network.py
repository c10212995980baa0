"""A network: layers one after the other, each an op of the reference with its own parameters.

To the engine it is a forward/backward pair like any other. forward(params, x) threads what comes out of one layer into the next
and keeps each layer's cache; backward(dout) goes the same way back. A network that begins with an embedding has no x.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject
from reference import OPS, Op

Tape = list[tuple["Layer", Any, Any]]


@dataclass(frozen=True, eq=False)
class Layer:
    """One op in a network.

    params   its parameters, by the names of the op's arguments, in order
    static   what it takes by keyword
    copies   how many of its first arguments are what comes in: self-attention takes it as query, key and value
    member   which of several results goes on to the next layer
    """

    op: str
    params: Mapping[str, Array] = field(default_factory=dict)
    static: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 1
    member: int | None = None

    def taken(self, out: Any) -> Any:
        """What goes on to the next layer."""
        return out if self.member is None else out[self.member]

    def cotangent(self, dout: Any, out: Any) -> Any:
        """dout in the structure of out: what does not go on has a cotangent of zero."""
        return dout if self.member is None else tuple(dout if i == self.member else np.zeros_like(o) for i, o in enumerate(out))

    def __str__(self) -> str:
        inner = self.static.get("f")
        params = [f"{name} {array.shape}" for name, array in self.params.items()]
        static = [f"{name}={_short(value)}" for name, value in self.static.items()]
        goes_on = [] if self.member is None else [f"result {self.member} goes on"]
        return ", ".join([f"{self.op}({inner.name})" if isinstance(inner, Op) else self.op, *params, *static, *goes_on])


@dataclass(frozen=True, eq=False)
class Network:
    """Layers, and what comes into the first of them: x, or None for an embedding. seed is that of the cotangent."""

    layers: Sequence[Layer]
    x: Array | None
    seed: int

    @property
    def ops(self) -> set[str]:
        """The names of the ops in it; those inside a residual connection, too."""
        inner = {layer.static["f"].name for layer in self.layers if "f" in layer.static}
        return {layer.op for layer in self.layers} | inner

    @property
    def params(self) -> dict[str, Array]:
        """All parameters: "2.conv2d.weight"."""
        return {
            f"{name}.{parameter}": array
            for name, layer in zip(self.names, self.layers, strict=True)
            for parameter, array in layer.params.items()
        }

    @property
    def names(self) -> list[str]:
        """A name for each layer: its place and its op."""
        return [f"{i}.{layer.op}" for i, layer in enumerate(self.layers)]

    @cached_property
    def subject(self) -> Subject:
        """The network as the engine takes it."""
        inputs = (self.params,) if self.x is None else (self.params, self.x)
        static = {name: layer.static for name, layer in zip(self.names, self.layers, strict=True)}
        return Subject(self.forward, self.backward, inputs, {"static": static}, self.seed)

    def forward(self, params: Mapping[str, Array], x: Any = None, /, *, static: Mapping[str, Any]) -> tuple[Any, Tape]:
        """What the last layer returns, and the tape: each layer with its cache and its result."""
        tape: Tape = []
        for name, layer in zip(self.names, self.layers, strict=True):
            own = [params[f"{name}.{parameter}"] for parameter in layer.params]
            out, cache = OPS[layer.op].forward(*[x] * layer.copies, *own, **static[name])
            tape.append((layer, cache, out))
            x = layer.taken(out)
        return x, tape

    def backward(self, dout: Any, tape: Tape) -> tuple[Any, ...]:
        """The gradients of params and, where there is one, of x."""
        dparams: dict[str, Array] = {}
        for name, (layer, cache, out) in reversed(list(zip(self.names, tape, strict=True))):
            grads = OPS[layer.op].backward(layer.cotangent(dout, out), cache)
            dparams |= {f"{name}.{p}": grad for p, grad in zip(layer.params, grads[layer.copies :], strict=True)}
            dout = reduce(operator.add, grads[: layer.copies]) if layer.copies else None
        return (dparams,) if self.x is None else (dparams, dout)

    def part(self, first: int, last: int) -> Network:
        """Layers first to last, without the last, as a network; x is what reaches the first of them."""
        given = self.subject
        x, _ = Network(self.layers[:first], self.x, self.seed).forward(*given.inputs, **given.static) if first else (self.x, None)
        return Network(self.layers[first:last], x, self.seed)

    def __str__(self) -> str:
        """One line for each layer, with the shape that comes out of it."""
        _, tape = self.forward(*self.subject.inputs, **self.subject.static)
        start = "no x" if self.x is None else f"x {self.x.shape}"
        rows = (f"{i:2d} {layer} -> {np.shape(layer.taken(out))}" for i, (layer, _, out) in enumerate(tape))
        return "\n".join([start, *rows])


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return value.name if isinstance(value, Op) else str(value)
