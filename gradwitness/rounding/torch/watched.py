"""`Watched`: the mode in which every ATen operation works on shadows, and rounds at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.torch.aten import DRAWS, STATISTICS
from gradwitness.rounding.torch.operations import Operation, carry_out, name_of
from gradwitness.rounding.torch.shadow import Noise, Shadow, is_floating, rounded, wide
from gradwitness.rounding.torch.trees import tree_leaves, tree_map

Claims = dict[Any, list[torch.dtype]]


class Watched(TorchDispatchMode):
    """The mode in which every operation works on shadows.

    noise    the roundings of the run; None for the run that rounds nothing
    claims   (operation, dtypes of its arguments) -> the dtypes of its results; kept between runs
    """

    def __init__(self, noise: Noise | None, claims: Claims) -> None:
        super().__init__()
        self.noise = noise
        self.claims = claims
        self.shadows = WeakTensorKeyDictionary()  # of the caller's tensors

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing here is compiled, and PyTorch need not load its compiler, which takes a second, to hear that."""
        return False

    def __torch_dispatch__(
        self, func: Operation, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        args, kwargs = tuple(args), dict(kwargs or {})
        if func is torch.ops.aten.gather.default:
            args = _from_the_front(*args)
        written = self._written(func, args, kwargs)
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if name_of(func) in DRAWS:
            return self._draw(func, written, args, kwargs)
        if not any(is_floating(t.dtype) or t in self.shadows for t in tensors):
            if func in _PHYSICAL:  # of a number in the code: x * 2j has 2j conjugated in its backward
                func, args = _PHYSICAL[func], (torch.as_tensor(args[0]),)
            return tree_map(self._as_computed, func(*args, **kwargs))
        inner, inner_kwargs = tree_map(self._inner, (args, kwargs))
        if torch.Tag.inplace_view in func.tags:
            func(*inner, **inner_kwargs)
            return _change_shape(func, args, kwargs)
        if _is_view(func):
            return self._view(func, tensors, inner, inner_kwargs)
        if not written:
            claimed = self._claimed(func, args, kwargs)
            return self._carry_out(func, tensors, inner, inner_kwargs, claimed)
        targets = {id(self._inner(tensor)): tensor for tensor in written}
        claimed = [] if _returns_what_it_writes(func) else self._claimed(func, args, kwargs)
        return self._carry_out(func, tensors, inner, inner_kwargs, claimed, targets)

    def value(self, tensor: torch.Tensor) -> torch.Tensor:
        """The value of a tensor that the function returned, in float64."""
        inner: torch.Tensor = self._inner(tensor)
        return inner.detach()

    def _inner(self, leaf: Any) -> Any:
        """The shadow of a tensor, and float64 for a floating dtype; any other leaf as it is."""
        if isinstance(leaf, torch.dtype):
            return wide(leaf)
        if isinstance(leaf, Shadow):
            return leaf.inner
        if not isinstance(leaf, torch.Tensor):
            return leaf
        return self._shadow(leaf) if is_floating(leaf.dtype) else self.shadows.get(leaf, leaf)

    def _shadow(self, tensor: torch.Tensor) -> torch.Tensor:
        """The shadow of a tensor of the caller's, made when it is first used."""
        if tensor not in self.shadows:
            self.shadows[tensor] = tensor.detach().to(wide(tensor.dtype), copy=True)
        shadow: torch.Tensor = self.shadows[tensor]
        return shadow

    def _written(self, func: Operation, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
        """The tensors that an operation writes to. One of the caller's gets a shadow, also if it holds integers."""
        values = [args[i] if i < len(args) else kwargs.get(name) for i, name in _writes_to(func)]
        written = [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]
        for tensor in written:
            if not isinstance(tensor, Shadow):
                self._shadow(tensor)
        return written

    def _as_computed(self, leaf: Any) -> Any:
        """A result that was computed in the dtype that it claims."""
        if not isinstance(leaf, torch.Tensor) or not is_floating(leaf.dtype):
            return leaf
        return Shadow(leaf.to(wide(leaf.dtype)), leaf.dtype)

    def _draw(self, func: Operation, written: Sequence[torch.Tensor], args: Any, kwargs: Any) -> Any:
        """Random numbers are drawn in the dtype under test, so that they are those of the function itself."""
        if not written:
            return tree_map(self._as_computed, func(*tree_map(rounded, args), **tree_map(rounded, kwargs)))
        (tensor,) = written
        target = self._inner(tensor)
        target.copy_(func(torch.empty_like(target, dtype=tensor.dtype), *tree_map(rounded, args[1:]), **kwargs))
        return tensor

    def _view(self, func: Operation, tensors: Sequence[torch.Tensor], args: Any, kwargs: Any) -> Any:
        """A view of a tensor is a view of its shadow."""
        if any(isinstance(leaf, torch.dtype) for leaf in tree_leaves((args, kwargs))):
            raise NotWatched(f"{func} reads the bits of a tensor as numbers of another dtype")
        source = tensors[0].dtype
        func = _PHYSICAL.get(func, func)

        def wrap(leaf: torch.Tensor) -> Any:
            if not is_floating(leaf.dtype):
                return leaf
            return Shadow(leaf, source if leaf.dtype == wide(source) else _OTHER_KIND[source])

        return tree_map(wrap, func(*args, **kwargs))

    def _carry_out(
        self,
        func: Operation,
        tensors: Sequence[torch.Tensor],
        args: Any,
        kwargs: Any,
        claimed: Sequence[torch.dtype],
        targets: Mapping[int, torch.Tensor] | None = None,
    ) -> Any:
        """An operation on shadows. What it writes to is a copy, whose rounded value is then written to the shadow.

        targets   id of a shadow that is written to -> its tensor
        """
        targets = targets or {}
        last: list[Any] = []

        def compute(args: Any, kwargs: Any) -> list[torch.Tensor]:
            copies = {key: self._inner(tensor).clone() for key, tensor in targets.items()}
            swap = lambda leaf: copies.get(id(leaf), leaf)  # noqa: E731
            returned = func(*tree_map(swap, args), **tree_map(swap, kwargs))
            back = {id(copy): targets[key] for key, copy in copies.items()}
            last[:] = [returned, back]
            fresh = [leaf for leaf in tree_leaves(returned) if isinstance(leaf, torch.Tensor) and id(leaf) not in back]
            return [*fresh, *copies.values()]

        sources = [t.dtype for t in tensors if is_floating(t.dtype) and id(self._inner(t)) not in targets]
        claimed = [*claimed, *(t.dtype for t in targets.values())]
        results = carry_out(self.noise, name_of(func), compute, args, kwargs, claimed, sources, keep=targets)
        returned, back = last
        for tensor, value in zip(targets.values(), results[len(results) - len(targets) :], strict=True):
            shadow = self._inner(tensor)
            shadow.resize_(value.shape).copy_(value)
        remaining = iter(zip(results, claimed, strict=True))

        def wrap(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            if id(leaf) in back:
                return back[id(leaf)]
            value, dtype = next(remaining)
            return Shadow(value, dtype) if is_floating(value.dtype) else value

        return tree_map(wrap, returned)

    def _claimed(self, func: Operation, args: Any, kwargs: Any) -> list[torch.dtype]:
        """The dtypes of the results, from one run in the dtypes of the arguments."""
        leaves = tree_leaves((args, kwargs))
        key = (func, *((leaf.dtype, leaf.dim() == 0) if isinstance(leaf, torch.Tensor) else _kind(leaf) for leaf in leaves))
        if key not in self.claims:
            self.claims[key] = _native_dtypes(func, args, kwargs)
        return self.claims[key]


@cache
def _writes_to(func: Operation) -> list[tuple[int, str]]:
    """The positions and names of the arguments that an operation writes to."""
    also = STATISTICS.get(name_of(func), set())
    written = [each.alias_info is not None and each.alias_info.is_write for each in func._schema.arguments]
    return [(i, each.name) for i, each in enumerate(func._schema.arguments) if written[i] or i in also]


def _kind(leaf: Any) -> Any:
    return leaf if isinstance(leaf, (torch.dtype, bool, str)) else type(leaf)


def _native_dtypes(func: Operation, args: Any, kwargs: Any) -> list[torch.dtype]:
    """The dtypes that an operation returns in the dtypes of its arguments; from copies, and without a random number drawn."""
    args, kwargs = tree_map(lambda leaf: rounded(leaf).clone() if isinstance(leaf, torch.Tensor) else leaf, (args, kwargs))
    with torch.random.fork_rng(enabled=torch.Tag.nondeterministic_seeded in func.tags):
        results = func(*args, **kwargs)
    return [leaf.dtype for leaf in tree_leaves(results) if isinstance(leaf, torch.Tensor)]


def _from_the_front(tensor: Any, axis: int, index: Any) -> tuple[Any, int, Any]:
    """What is gathered, an index of -1 counted from the front: the backward of cumprod has some, in rows without zeros, where
    its tensors are of a subclass as ours are. It does not use what it gets there.
    """
    return tensor, axis, index.remainder(tensor.shape[axis]) if bool((index < 0).any()) else index


def _change_shape(func: Operation, args: Any, kwargs: Any) -> Any:
    """`transpose_` and the like change the shape and strides of the tensor itself. It has no data of its own, as on "meta"."""
    with no_dispatch():
        before = torch._C._meta_in_tls_dispatch_include()
        torch._C._set_meta_in_tls_dispatch_include(True)
        try:
            func(*args, **kwargs)
        finally:
            torch._C._set_meta_in_tls_dispatch_include(before)
    return args[0]


_PHYSICAL = {
    torch.ops.aten._conj.default: torch.ops.aten.conj_physical.default,
    torch.ops.aten._neg_view.default: torch.ops.aten.neg.default,
}
"""Views that set a bit which kernels below the mode do not look at -> the operation that computes the values."""
_OTHER_KIND = {
    torch.float64: torch.complex128,
    torch.float32: torch.complex64,
    torch.float16: torch.complex32,
    torch.complex128: torch.float64,
    torch.complex64: torch.float32,
}
"""The dtype of a view of real numbers as complex ones, or the other way round."""


@cache
def _is_view(func: Operation) -> bool:
    returns = func._schema.returns
    return bool(returns) and all(r.alias_info is not None and not r.alias_info.is_write for r in returns)


@cache
def _returns_what_it_writes(func: Operation) -> bool:
    return all(r.alias_info is not None for r in func._schema.returns)
