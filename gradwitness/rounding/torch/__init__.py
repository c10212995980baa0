"""Monte Carlo arithmetic for PyTorch: what rounding alone can do to any function of tensors.

    measure(function, arguments, dtype, seed=0) -> [Measured(truth, spread, projection) of each floating tensor that it returns]

The function runs as it is: in the dtype under test, with its modules, custom Functions, hooks and in-place operations, forward
and backward. While it runs, a tensor says that its dtype is bfloat16, and holds its value in float64 (shadow.py). So the same
code runs through the same branches (`if x.dtype == torch.float16`, `torch.finfo(x.dtype).min`, `x.float()`), and nothing rounds
but our noise.

    watched.py   `Watched`, a `TorchDispatchMode`: every ATen operation works on shadows and rounds at random
    shadow.py    `Shadow`, the tensor, and `Noise`, the roundings of one run
    aten.py      how each operation rounds: never, once, or as a sum of n terms
    composed.py  fused kernels whose inside cancels, written with single operations
    graph.py     the nodes of autograd's graph
    exact.py     a function without the rounding of the casts inside it, for differences

The caller's tensors (arguments, parameters, buffers, constants) are never written to: a running mean is updated in its shadow.
The states of PyTorch's generators are put back after each run, so that dropout draws the same mask in each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import SAMPLES, Measured, from_runs
from gradwitness.rounding.framework import MAGNIFIED, NotWatched
from gradwitness.rounding.torch.shadow import Noise, is_floating
from gradwitness.rounding.torch.undisturbed import undisturbed
from gradwitness.rounding.torch.watched import Claims, Watched
from gradwitness.rounding.widths import width

__all__ = ["NotWatched", "measure"]


def measure(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    dtype: Any,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    source: Any = None,  # noqa: ARG001  numbers of the source are float64 here
) -> list[Measured]:
    """Truth and spread of each floating tensor that function(*arguments) returns, in the order of its leaves.

    function    what it returns may be nested tuples, lists and dicts; other leaves are left out
    arguments   tensors, or trees of them; they are not written to
    dtype       the dtype under test

    Raises arithmetic.Unstable if rounding alone makes a finite result inf or nan, and NotWatched where code leaves PyTorch
    (`.numpy()`, a kernel that takes a pointer) or an operation has no float64 form.
    """
    magnified = MAGNIFIED if width(dtype).name == "float64" else 1.0
    claims: Claims = {}

    def run(sample: int | None) -> list[Array]:
        noise = None if sample is None else Noise((seed, sample), magnified)
        with undisturbed(), Watched(noise, claims) as watched:
            try:
                results = tree_leaves(function(*arguments))
            except (NotImplementedError, RuntimeError, TypeError) as error:
                raise NotWatched(f"{type(error).__name__}: {error}") from error
        floats = [t for t in results if isinstance(t, torch.Tensor) and is_floating(t.dtype)]
        return [watched.value(t).cpu().numpy() for t in floats]

    return from_runs(run(None), map(run, range(samples)), magnified=magnified, sliced=True)
