"""An op inside a small network on the digits, 32 of them a step.

    activations                   digits -> linear -> op -> linear -> cross entropy
    ops on images (N, C, H, W)    digits -> conv2d -> relu -> op -> linear -> cross entropy
    all others                    digits -> linear -> relu -> op -> linear -> cross entropy

Inputs of the op that have a batch come from the layer before it: the query and the key of an attention, the first state of an
LSTM. The others are its parameters, and begin as the op's generic case has them. All of it is trained.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from conformance.learning.task import Backward, Forward, Params, Task
from conformance.recipes.data import digits
from conformance.run import point
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves
from reference import OPS, Op

BATCH = 32
BATCHED = frozenset(["x", "x1", "x2", "h", "c", "query", "key", "value"])
"""Names of inputs whose first axis is the batch."""
PIXELS, CLASSES = 64, 10
WIDE = 16
"""Units, where the op takes any number of them. Its case has 3 to 6, with which little is learned."""


def batch(number: int) -> tuple[Array, Array]:
    """Images (32, 64) and labels (32,) of a step."""
    rows = np.random.default_rng((4, number)).integers(len(digits().x_train), size=BATCH)
    return digits().x_train[rows], digits().y_train[rows]


def weights(rng: np.random.Generator, fan_in: int, fan_out: int) -> Params:
    """A weight (in, out) and a bias of a linear layer."""
    return [rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in), np.zeros(fan_out)]


def pair(name: str, op: Op, backward: Backward) -> tuple[Forward, Backward]:
    """A layer's functions. If it is the op itself, its backward is the one that is given."""
    return OPS[name].forward, backward if name == op.name else OPS[name].backward


def network(op: Op, backward: Backward) -> Task:
    """The training of an op in its network, with this backward."""
    return Network(op, backward).task()


class Network:
    """See the module."""

    def __init__(self, op: Op, backward: Backward) -> None:
        self.op, self.backward = op, backward
        self.case: Subject = point(op, op.cases[0], 0)
        self.names = self.case.arguments
        self.images = np.ndim(self.case.inputs[0]) == 4 and self.names[0] == "x"
        self.layer = partial(pair, op=op, backward=backward)
        self.before = ["conv2d" if self.images else "linear", *(["relu"] if op.family != "activations" else [])]
        shapes = [np.shape(a)[1:] for a, name in zip(self.case.inputs, self.names, strict=True) if name in BATCHED]
        elementwise = len(shapes) == 1 and len(shapes[0]) == 1
        self.widened = elementwise and all(p.shape == shapes[0] for p in self._own(self.case.inputs))
        self.shapes = [(WIDE,)] if self.widened else shapes
        self.head = sum(o.size for o in self._outs(self._applied(self._given(0), 0)[0])) // BATCH

    def task(self) -> Task:
        """The training."""
        chain = " -> ".join(["digits", *self.before, self.op.name, "linear", "cross entropy"])
        return Task(chain, self.start, self.step)

    def start(self, seed: int) -> Params:
        """Weights and bias before the op, the op's own parameters, weights and bias behind it."""
        rng = np.random.default_rng((5, seed))
        if self.images:
            channels = self.shapes[0][0]
            first = [rng.normal(size=(channels, 1, 3, 3)) / 3, 0.1 * rng.normal(size=channels)]  # at 0 black pixels meet a kink
        else:
            first = weights(rng, PIXELS, sum(int(np.prod(shape)) for shape in self.shapes))
        own = point(self.op, self.op.cases[0], seed).inputs
        return [*first, *self._params(own), *weights(rng, self.head, CLASSES)]

    def _params(self, inputs: Any) -> Params:
        """The op's own parameters."""
        return [np.resize(p, WIDE) if self.widened else p for p in self._own(inputs)]

    def _own(self, inputs: Any) -> Params:
        return [a for a, name in zip(inputs, self.names, strict=True) if name not in BATCHED]

    def step(self, params: Params, number: int) -> tuple[float, Params]:
        """The loss of a step, and the gradient of each parameter."""
        x, labels = batch(number)
        h, back_first = self._first(x, params[:2])
        out, cache = self._applied([*self._parted(h), *params[2:-2]], number)
        outs = self._outs(out)
        flat = np.concatenate([o.reshape(BATCH, -1) for o in outs], axis=1)
        linear, linear_backward = self.layer("linear")
        logits, kept = linear(flat, *params[-2:])
        loss, of_loss = OPS["cross_entropy"].forward(logits, labels=labels)
        (dlogits,) = OPS["cross_entropy"].backward(np.ones(()), of_loss)
        dflat, *dhead = linear_backward(dlogits, kept)
        grads = self.backward(self._like(out, dflat), cache)
        named = list(zip(grads, self.names, strict=True))
        dh = np.concatenate([g.reshape(BATCH, -1) for g, name in named if name in BATCHED], axis=1).reshape(h.shape)
        return float(loss), [*back_first(dh), *(g for g, name in named if name not in BATCHED), *dhead]

    def _first(self, x: Array, params: Params) -> tuple[Array, Any]:
        """What comes before the op, and the function from its gradient to those of its parameters."""
        static = {"padding": 1} if self.images else {}
        forward, backward = self.layer(self.before[0])
        h, kept = forward(x.reshape(-1, 1, 8, 8) if self.images else x, *params, **static)
        if len(self.before) == 1:
            return h, lambda dh: backward(dh, kept)[1:]
        relu, relu_backward = self.layer("relu")
        active, mask = relu(h)
        return active, lambda dh: backward(relu_backward(dh, mask)[0], kept)[1:]

    def _parted(self, h: Array) -> Params:
        """The op's inputs that have a batch."""
        if self.images:
            return [h]
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        return [part.reshape(BATCH, *shape) for part, shape in zip(np.split(h, ends, axis=1), self.shapes, strict=True)]

    def _given(self, seed: int) -> Params:
        """Inputs of a step, to see the shape of the op's outs."""
        params = [np.zeros((BATCH, self.shapes[0][0], 8, 8))] if self.images else [np.zeros((BATCH, *s)) for s in self.shapes]
        return [*params, *self._params(point(self.op, self.op.cases[0], seed).inputs)]

    def _applied(self, given: Params, number: int) -> tuple[Any, Any]:
        """The op on inputs with a batch, then parameters, whichever order its signature has."""
        data, own = iter(given[: len(self.shapes)]), iter(given[len(self.shapes) :])
        static = dict(self.case.static)
        if "mask" in static:  # of dropout
            shape = (BATCH, *self.shapes[0])
            static["mask"] = np.random.default_rng((6, number)).random(shape) >= static["rate"]
        return self.op.forward(*(next(data if name in BATCHED else own) for name in self.names), **static)

    def _outs(self, out: Any) -> Params:
        return [o for i, o in enumerate(leaves(out)) if i not in self.op.detached]

    def _like(self, out: Any, dflat: Array) -> Any:
        """The gradient of the op's outs, in their shapes; zero for those that are never differentiated."""
        sizes = [o.size // BATCH for o in self._outs(out)]
        pieces = iter(np.split(dflat, np.cumsum(sizes)[:-1], axis=1))
        douts = [np.zeros_like(o) if i in self.op.detached else next(pieces).reshape(o.shape) for i, o in enumerate(leaves(out))]
        return tuple(douts) if isinstance(out, tuple) else douts[0]
