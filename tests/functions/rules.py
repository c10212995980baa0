"""Custom rules of PyTorch, each with a mistake that people make, and without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Make = Callable[[bool], Callable[..., Any]]


def scaled_by_first(faulty: bool) -> Callable[..., Any]:
    """x W^T of which backward scales by the first row's cotangent alone."""

    class Rows(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            ctx.save_for_backward(x, weight)
            return (x * weight).sum(-1)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight = ctx.saved_tensors
            dout = dout[:1] if faulty else dout
            return dout[:, None] * weight.expand_as(x), (dout[:, None] * x).sum(0)

    return Rows.apply


def reads_memory(faulty: bool) -> Callable[..., Any]:
    """A kernel that takes it that its cotangent is contiguous."""

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            dout = dout if faulty else dout.contiguous()
            flat = torch.as_strided(dout, (dout.numel(),), (1,), dout.storage_offset())
            return flat.view(x.shape) * x.cos()

    return Sine.apply


def overwrites(faulty: bool) -> Callable[..., Any]:
    """A loss that keeps its gradient where its input was."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x.square().sum()
            ctx.twice = x.detach() if faulty else x.detach().clone()
            ctx.twice *= 2
            return out

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * ctx.twice

    return Square.apply


def consumes(faulty: bool) -> Callable[..., Any]:
    """A backward that works in the memory that it kept."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.slope = 3 * x.square()
            return x**3

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return ctx.slope.mul_(dout) if faulty else ctx.slope * dout

    return Cube.apply


def remembers(faulty: bool) -> Callable[..., Any]:
    """A rule that keeps its input in the class."""

    class Sine(torch.autograd.Function):
        kept: Any = None

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            Sine.kept = x
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return dout * (Sine.kept if faulty else x).cos()

    return Sine.apply


def forgets_dout(faulty: bool) -> Callable[..., Any]:
    """The backward of a loss that takes it that it is the last."""

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.square().sum()

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x if faulty else dout * 2 * x

    return Loss.apply


def clips(faulty: bool) -> Callable[..., Any]:
    """A backward that clips what arrives: it is not linear."""
    return _twice(lambda dout: dout.clamp(-0.5, 0.5) if faulty else dout)


def follows_the_largest(faulty: bool) -> Callable[..., Any]:
    """A backward that takes what is largest alone: twice the cotangent gives twice of it, two cotangents not the sum."""
    return _twice(lambda dout: dout * (dout.abs() == dout.abs().max()) if faulty else dout)


def _twice(taken: Callable[[Any], Any]) -> Callable[..., Any]:
    """2 x, with a backward that is twice of what is taken of the cotangent."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            return 2 * x

        @staticmethod
        def backward(_: Any, dout: Any) -> Any:
            return 2 * taken(dout)

    return Twice.apply


def expects_both(faulty: bool) -> Callable[..., Any]:
    """Two outputs; backward takes it that both have a cotangent."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.set_materialize_grads(not faulty)
            return x.sin(), x.square()

        @staticmethod
        def backward(ctx: Any, first: Any, second: Any) -> Any:
            (x,) = ctx.saved_tensors
            return first * x.cos() + second * 2 * x

    return Both.apply


def needs_all(faulty: bool) -> Callable[..., Any]:
    """A backward that returns the gradient of the first input that needs one, whichever that is."""

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, y = ctx.saved_tensors
            if faulty and not ctx.needs_input_grad[0]:
                return None, dout * y
            return dout * y, dout * x

    return Product.apply


def keeps_intermediate(faulty: bool) -> Callable[..., Any]:
    """Right to first order; an intermediate value is kept, which the second derivative does not see."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.twice = 2 * x
            return x.square()

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return dout * (ctx.twice if faulty else 2 * x)

    return Square.apply


def reuses(faulty: bool) -> Callable[..., Any]:
    """A backward that writes each gradient into the same memory."""
    memory: dict[Any, Any] = {}

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.square()

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            out = memory.setdefault(x.dtype, torch.empty_like(x)) if faulty else torch.empty_like(x)
            return torch.mul(dout, 2 * x, out=out)

    return Square.apply


def redraws(faulty: bool) -> Callable[..., Any]:
    """A dropout that is run anew in backward, where another mask is drawn; afterwards the generator is put back."""

    class Recomputed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.state = torch.get_rng_state()
            ctx.save_for_backward(x)
            return torch.nn.functional.dropout(x, 0.5)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            now = torch.get_rng_state()
            if not faulty:
                torch.set_rng_state(ctx.state)
            mask = torch.nn.functional.dropout(torch.ones_like(x), 0.5)
            torch.set_rng_state(now)
            return dout * mask

    return Recomputed.apply
