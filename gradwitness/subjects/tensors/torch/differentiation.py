"""autograd, and dual numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch.autograd import forward_ad

from gradwitness.rounding.torch.exact import Exact
from gradwitness.subjects.tensors.backend import Operations, Pull, Run, Vjp
from gradwitness.subjects.tensors.torch.graphless import Evaluator
from gradwitness.subjects.tensors.torch.operations import operations

REENTRANT = "use_reentrant=True"
"""In the message of a checkpoint that is differentiated by backward() alone: torch.autograd.grad is refused."""


class Differentiation:
    """See `backend.Differentiation`."""

    def evaluator(self, function: Any, run: Run) -> Run:
        """Without a graph where that changes nothing."""

        def plainly(inputs: Sequence[Any]) -> list[Any]:
            with torch.enable_grad():  # for functions that differentiate something of their own
                return run([value.detach() for value in inputs])

        return Evaluator(function, lambda inputs: self.vjp(run, inputs)[0], plainly)

    def differentiator(self, vjp: Vjp) -> Vjp:
        """As it is: nothing is traced."""
        return vjp

    def looping(self, vjp: Vjp) -> Vjp:
        """As it is."""
        return vjp

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The graph is kept, so that the pull can be asked again."""
        with torch.enable_grad():
            leaves = [value.detach().requires_grad_() for value in inputs]
            outs = run(leaves)

        def pull(douts: Sequence[Any]) -> list[Any]:
            attached, cotangents = self._attached(outs, douts)
            if not attached:
                return [None] * len(leaves)
            try:
                return list(torch.autograd.grad(attached, leaves, cotangents, retain_graph=True, allow_unused=True))
            except RuntimeError as error:
                if REENTRANT not in str(error):
                    raise
                with getattr(run, "inside", nullcontext)():  # it runs the function again: not on the user's own parameters
                    return _accumulated(attached, leaves, cotangents)

        return outs, pull

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Pull]:
        """create_graph makes the gradients part of a graph of their own."""
        leaves = [value.detach().requires_grad_() for value in inputs]
        douts = [value.detach().requires_grad_() for value in cotangents]
        outs, first = self._attached(run(leaves), douts)
        found = torch.autograd.grad(outs, leaves, first, create_graph=True, allow_unused=True) if outs else [None] * len(leaves)
        if any(g.grad_fn is not None and g.grad_fn.name() == "torch::autograd::Error" for g in found if g is not None):
            raise RuntimeError("its backward is marked @once_differentiable")
        gradients = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]

        def pull(further: Sequence[Any]) -> list[Any]:
            attached, second = self._attached(gradients, further)
            if not attached:
                return [None] * len(leaves + douts)
            return list(torch.autograd.grad(attached, [*leaves, *douts], second, retain_graph=True, allow_unused=True))

        return gradients, pull

    def _attached(self, outs: Sequence[Any], douts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Those outputs that hang on a graph and have a cotangent, and their cotangents."""
        pairs = [(out, dout) for out, dout in zip(outs, douts, strict=True) if out.requires_grad and dout is not None]
        return [out for out, _ in pairs], [dout.to(out.dtype) for out, dout in pairs]

    def jvp(self, run: Run, inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """By dual numbers."""
        with forward_ad.dual_level():
            outs = run([forward_ad.make_dual(value.detach(), t) for value, t in zip(inputs, tangents, strict=True)])
            found = [forward_ad.unpack_dual(out).tangent for out in outs]
        return [torch.zeros_like(out) if tangent is None else tangent for out, tangent in zip(outs, found, strict=True)]

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """torch.func.vmap."""
        mapped: Callable[..., Any] = torch.func.vmap(function)
        return mapped

    def operations(self, run: Run, inputs: Sequence[Any]) -> Operations:
        """By the graph; of a torch.autograd.Function, by what it calls."""
        return operations(lambda: self.vjp(run, inputs))

    def exact(self, dtypes: Sequence[str] = ()) -> Exact:
        """On shadows in float64."""
        return Exact(self, [getattr(torch, name) for name in dtypes])


def _accumulated(outs: Sequence[Any], leaves: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
    """Gradients as they are added up in .grad of the leaves, which are nobody else's."""
    for leaf in leaves:
        leaf.grad = None
    torch.autograd.backward(outs, cotangents, retain_graph=True)
    found = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    return found
