"""Functions that cast to a narrower dtype inside, as `softmax(x.float(), -1).to(x.dtype)` does, without the rounding of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gradwitness.rounding.torch.graph import is_own, nodes
from gradwitness.rounding.torch.shadow import Shadow, is_floating, wide
from gradwitness.rounding.torch.undisturbed import undisturbed
from gradwitness.rounding.torch.watched import Claims, Watched

Run = Callable[[Sequence[Any]], list[Any]]


class Narrowing(TorchDispatchMode):
    """The mode that notes what tensors of floats are cast to, where that is narrower.

    dtypes    those that were met
    """

    def __init__(self) -> None:
        super().__init__()
        self.dtypes: set[torch.dtype] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """See `Watched`."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        results = func(*args, **(kwargs or {}))
        given, made = (
            [each.dtype for each in tree_leaves(tree) if isinstance(each, torch.Tensor) and is_floating(each.dtype)]
            for tree in ((args, kwargs), results)
        )
        eps = [torch.finfo(dtype).eps for dtype in given]
        self.dtypes |= {dtype for dtype in made if eps and torch.finfo(dtype).eps > min(eps)}
        return results


def narrowed(outs: Sequence[torch.Tensor], run: Callable[[], object]) -> str:
    """The narrowest dtype that something is cast to on the way to outs; empty if nothing is.

    run   computes them and their gradients once more. It is called where the graph does not say it: custom Functions have none
          inside. To watch every operation takes as long as several calls
    """
    dtypes, plain = _in_graph(outs)
    if not plain:
        with Narrowing() as mode:
            run()
        dtypes = mode.dtypes
    wide = torch.finfo(torch.float64).eps
    names = sorted((dtype for dtype in dtypes if torch.finfo(dtype).eps > wide), key=lambda dtype: torch.finfo(dtype).eps)
    return str(names[-1]).removeprefix("torch.") if names else ""


def _in_graph(outs: Sequence[torch.Tensor]) -> tuple[set[torch.dtype], bool]:
    """The dtypes of floats in the graph of some tensors, and whether all its nodes are PyTorch's own."""
    found = nodes(outs)
    dtypes = {out.dtype for out in outs} | {each.dtype for node in found for each in node._input_metadata}
    plain = not any(map(is_own, found))
    return {dtype for dtype in dtypes if is_floating(dtype)}, plain


class Exact:
    """Every operation is carried out in float64; tensors claim the dtypes that the function gives them.

    plain    differentiates functions as they are: vjp and second of a backend
    dtypes   what the first inputs claim to be; those beyond, float64
    """

    def __init__(self, plain: Any, dtypes: Sequence[torch.dtype] = ()) -> None:
        self._plain, self._dtypes = plain, dtypes
        self.claims: Claims = {}

    def run(self, run: Run) -> Run:
        """What run returns, in float64."""

        def exactly(inputs: Sequence[Any]) -> list[Any]:
            with self._watched() as watched:
                return [watched.value(out) for out in run(self._claiming(inputs))]

        return exactly

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Run]:
        """What run returns for these inputs, and its pull, in float64."""
        return self._values(lambda: self._plain.vjp(run, self._claiming(inputs)))

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Run]:
        """The gradients of run, and their pull, in float64."""
        return self._values(lambda: self._plain.second(run, self._claiming(inputs), cotangents))

    def _values(self, differentiated: Callable[[], tuple[list[Any], Run]]) -> tuple[list[Any], Run]:
        with self._watched() as watched:
            outs, plain = differentiated()
            values = [watched.value(out) for out in outs]

        def pull(douts: Sequence[Any]) -> list[Any]:
            with undisturbed(), watched:
                return [None if gradient is None else watched.value(gradient) for gradient in plain(douts)]

        return values, pull

    def _claiming(self, inputs: Sequence[Any]) -> list[Any]:
        claimed = [Shadow(value.to(wide(dtype)), dtype) for value, dtype in zip(inputs, self._dtypes, strict=False)]
        return [*claimed, *inputs[len(claimed) :]]

    @contextmanager
    def _watched(self) -> Iterator[Watched]:
        with undisturbed(), Watched(None, self.claims) as watched, torch.enable_grad():
            yield watched
