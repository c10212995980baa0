"""A forward/backward pair as a custom function of each framework, with a derivative of its own, as users would write it.

Peers check functions of arrays only. Keyword arguments of forward are bound, and outputs that are never differentiated (running
statistics) are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves

Arrays = tuple[Array, ...]


class Pair:
    """A subject in a dtype: `forward(*inputs)` -> outs, and `vjp(*inputs)` -> outs and the function from douts to gradients."""

    def __init__(self, subject: Subject, dtype: str) -> None:
        self.subject = subject.rounded(dtype)
        self.dtype = dtype
        self.inputs: Arrays = tuple(np.array(x) for x in self.subject.inputs)

    @cached_property
    def cotangents(self) -> Arrays:
        """The subject's cotangents, one for each out that is differentiated."""
        return self._differentiated(self.subject.cotangent)

    def forward(self, *inputs: Array) -> Arrays:
        """The outs that are differentiated."""
        return self.vjp(*inputs)[0]

    def vjp(self, *inputs: Array) -> tuple[Arrays, Callable[[Arrays], Arrays]]:
        """Outs, and douts -> one gradient for each input. All results are copies: peers change arrays in place."""
        with np.errstate(all="ignore"):
            out, cache = self.subject.forward(*(np.array(x) for x in inputs), **self.subject.static)

        def pull(douts: Arrays) -> Arrays:
            given = iter(np.array(d) for d in douts)
            detached, outs = self.subject.detached, list(leaves(out))
            every = [np.zeros_like(o) if i in detached else next(given) for i, o in enumerate(outs)]
            with np.errstate(all="ignore"):
                grads = self.subject.backward(tuple(every) if isinstance(out, tuple) else every[0], cache)
            return tuple(np.array(g) for g in self.subject.align(grads))

        return self._differentiated(out), pull

    def _differentiated(self, out: Any) -> Arrays:
        return tuple(np.array(o) for i, o in enumerate(leaves(out)) if i not in self.subject.detached)


def torch_function(pair: Pair, only: str = "") -> Callable[..., Any]:
    """The pair as a torch.autograd.Function. It computes in the dtype of its inputs, or in one dtype only."""
    import torch
    from torch.autograd.function import once_differentiable

    pairs = {pair.dtype: pair}

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            dtype = str(inputs[0].dtype).removeprefix("torch.")
            if only not in ("", dtype):
                raise TypeError(f"this function computes in {only} only, not in {dtype}")
            if dtype not in pairs:
                pairs[dtype] = Pair(pair.subject, dtype)
            outs, ctx.pull = pairs[dtype].vjp(*(x.detach().numpy() for x in inputs))
            return _one_or_all(tuple(torch.from_numpy(o) for o in outs))

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, *douts: Any) -> Any:
            return tuple(torch.from_numpy(g) for g in ctx.pull(tuple(d.numpy() for d in douts)))

    return Wrapped.apply


def tensorflow_function(pair: Pair) -> Callable[..., Any]:
    """The pair as a tf.custom_gradient around tf.numpy_function. Several outs become one vector: users check one tensor."""
    import tensorflow as tf

    @tf.custom_gradient
    def wrapped(*inputs: Any) -> Any:
        outs = tf.numpy_function(lambda *x: list(pair.forward(*x)), inputs, [pair.dtype] * len(pair.cotangents))  # one: no list

        def grad(*douts: Any) -> Any:
            def pull(*arrays: Array) -> list[Array]:
                return list(pair.vjp(*arrays[: len(inputs)])[1](arrays[len(inputs) :]))

            return tf.numpy_function(pull, [*inputs, *douts], [pair.dtype] * len(inputs))

        return outs, grad

    def joined(*inputs: Any) -> Any:
        outs = wrapped(*inputs)
        return tf.concat([tf.reshape(o, [-1]) for o in outs], 0) if isinstance(outs, (tuple, list)) else outs

    return joined


def autograd_function(pair: Pair) -> Callable[..., Any]:
    """The pair as a primitive of HIPS autograd, with defvjp. Several outs are joined to one vector."""
    from autograd.extend import defvjp, primitive

    def joined(outs: Arrays) -> Array:
        return outs[0] if len(outs) == 1 else np.concatenate([o.reshape(-1) for o in outs])

    def apart(dout: Array) -> Arrays:
        shapes = [c.shape for c in pair.cotangents]
        if len(shapes) == 1:
            return (dout,)
        pieces = np.split(dout, np.cumsum([int(np.prod(s)) for s in shapes])[:-1])
        return tuple(piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True))

    @primitive
    def wrapped(*inputs: Array) -> Array:
        return joined(pair.forward(*inputs))

    def gradient(which: int) -> Callable[..., Any]:
        return lambda _out, *inputs: lambda dout: pair.vjp(*inputs)[1](apart(dout))[which]

    defvjp(wrapped, *(gradient(i) for i in range(len(pair.inputs))))
    return wrapped


def jax_vjp(pair: Pair) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The arguments of jax.test_util.check_vjp: a function, and one that returns its outs and its vjp. Both may use NumPy."""

    def with_vjp(*inputs: Array) -> tuple[Any, Callable[[Any], Arrays]]:
        outs, pull = pair.vjp(*inputs)
        return _one_or_all(outs), lambda douts: pull(douts if isinstance(douts, tuple) else (douts,))

    return lambda *inputs: _one_or_all(pair.forward(*inputs)), with_vjp


def _one_or_all(outs: tuple[Any, ...]) -> Any:
    return outs[0] if len(outs) == 1 else outs
