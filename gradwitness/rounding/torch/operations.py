"""An ATen operation on float64 values, rounded at random as the dtypes of its results may round it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from functools import cache
from math import inf, sqrt
from types import SimpleNamespace
from typing import Any

import torch

from gradwitness.rounding.framework import operand, result
from gradwitness.rounding.torch.aten import (
    BOUNDED,
    CASTS,
    CONTRACTIONS,
    EXACT,
    INTERPOLATES,
    OF_COMPLEX,
    ONCE,
    PASSES,
    PROBABILITIES,
    REDUCTIONS,
    SCATTERS,
    SELECTING,
    STORED,
    STORES,
    VECTORS,
)
from gradwitness.rounding.torch.composed import COMPOSED
from gradwitness.rounding.torch.shadow import Noise, held, is_floating, whole, wide
from gradwitness.rounding.torch.trees import tree_map
from gradwitness.rounding.vectors import aligned
from gradwitness.rounding.widths import DOUBLE, Width, width

Operation = Any
"""A torch._ops.OpOverload."""
Compute = Callable[[Any, Any], list[torch.Tensor]]
"""(positional arguments, keyword arguments) -> the tensors that an operation returns or writes."""
_ALIKE = ("abs", "argmin", "conj", "ones_like", "sum", "swapaxes", "where")
_NUMPY = SimpleNamespace(**{name: getattr(torch, name) for name in _ALIKE}, sign=torch.sgn, take_along_axis=torch.take_along_dim)
"""Functions of PyTorch by the names and with the arguments of NumPy."""


@cache
def name_of(func: Operation) -> str:
    """aten::add_.Tensor -> add; a name of its own for an operation of another namespace."""
    namespace, _, name = func._schema.name.partition("::")
    return name.removesuffix("_") if namespace == "aten" else func._schema.name


def carry_out(
    noise: Noise | None,
    name: str,
    compute: Compute,
    args: Any,
    kwargs: Any,
    claimed: Sequence[torch.dtype],
    sources: Sequence[torch.dtype],
    keep: Container[int] = (),
) -> list[torch.Tensor]:
    """The results of an operation.

    noise     None for exact results
    claimed   the dtype of each result
    sources   the floating dtypes of the arguments
    keep      ids of arguments that are written to; they are no operands
    """
    if name in VECTORS and width(sources[0]).unit > DOUBLE.unit:
        compute = _aligned(name, compute, sources[0])
    if noise is None:
        return compute(args, kwargs)
    if _is_exact(name, args, claimed, sources):
        return compute(*_stored(noise, args, kwargs, claimed, sources))
    if name in STORES:
        args, kwargs = _stored(noise, args, kwargs, claimed, sources)
    results = _rounded(noise, name, compute, args, kwargs, claimed, keep)
    return [value if value.is_complex() else value.clamp(-1, 1) for value in results] if name in BOUNDED else results


def _aligned(name: str, compute: Compute, source: torch.dtype) -> Compute:
    """A decomposition in float64 with the signs that it has in the dtype of its argument."""

    def narrow(leaf: Any) -> Any:
        return leaf.to(source) if isinstance(leaf, torch.Tensor) else leaf

    def aligned_results(args: Any, kwargs: Any) -> list[torch.Tensor]:
        native = [value.to(wide(value.dtype)) for value in compute(*tree_map(narrow, (args, kwargs)))]
        return aligned(_NUMPY, VECTORS[name], compute(args, kwargs), native)

    return aligned_results


def _rounded(
    noise: Noise,
    name: str,
    compute: Compute,
    args: Any,
    kwargs: Any,
    claimed: Sequence[torch.dtype],
    keep: Container[int],
) -> list[torch.Tensor]:
    widths = [width(dtype) if is_floating(dtype) else None for dtype in claimed]
    args, kwargs = tree_map(lambda leaf: _constant(noise, leaf, claimed), (args, kwargs))
    if name in SCATTERS:
        return _scatter(noise, SCATTERS[name], compute, args, kwargs, widths)
    if name in ONCE or name in OF_COMPLEX:
        operands = [leaf for leaf in args if isinstance(leaf, torch.Tensor)] if name in PASSES else []
        return [_round(noise, value, w, 1, operands) for value, w in zip(compute(args, kwargs), widths, strict=True)]
    return _fused(noise, name, compute, args, kwargs, widths, keep)


def _is_exact(name: str, args: Any, claimed: Sequence[torch.dtype], sources: Sequence[torch.dtype]) -> bool:
    if not any(is_floating(dtype) for dtype in claimed):
        return True
    if name in EXACT:
        return name not in OF_COMPLEX or not any(dtype.is_complex for dtype in sources)
    if name in SELECTING:
        return len(args) > SELECTING[name] and args[SELECTING[name]] in ("amax", "amin", inf, -inf)
    if name in CASTS:
        return all(width(source).unit >= width(claimed[0]).unit for source in sources)
    return "index_put" in name and not (len(args) > 3 and args[3])  # not accumulated


def _constant(noise: Noise, leaf: Any, claimed: Sequence[torch.dtype]) -> Any:
    """A Python float, off by a rounding unless the dtype holds it: kernels keep it in the dtype in which they compute."""
    if not isinstance(leaf, float) or held(leaf, claimed[0]):
        return leaf
    return noise.number(leaf, width(claimed[0]).accumulation)


def _stored(noise: Noise, args: Any, kwargs: Any, claimed: Sequence[torch.dtype], sources: Sequence[torch.dtype]) -> Any:
    """What an operation gets that takes numbers in the dtype of its result: the bounds of clamp, what x - 2.3 takes off.

    They are numbers of Python, or tensors without axes, which may be of a wider dtype. So is what x > 0.2 compares with.
    """
    floats = [dtype for dtype in claimed if is_floating(dtype)] or list(sources)
    if not floats:
        return args, kwargs
    dtype, unit = floats[0], width(floats[0]).unit
    narrows = any(width(source).unit < unit for source in sources)

    def stored(leaf: Any) -> Any:
        if isinstance(leaf, float):
            return leaf if held(leaf, dtype) else noise.number(leaf, unit)
        is_number = narrows and isinstance(leaf, torch.Tensor) and not leaf.dim() and leaf.is_floating_point()
        return noise.round(leaf, unit, 0.0, whole(leaf, 1 / unit)) if is_number else leaf

    return tree_map(stored, (args, kwargs))


def _round(
    noise: Noise, value: torch.Tensor, width: Width | None, terms: float = 1, operands: Sequence[torch.Tensor] = ()
) -> torch.Tensor:
    """A result, rounded. Where it equals an operand (x + 0, 1 * x) or is a whole number, it is exact."""
    if width is None or value.dtype.is_complex:
        return value if width is None else noise.round(value, result(width, terms), width.absolute)
    exact = whole(value, 1 / width.unit)
    for x in operands:
        exact |= value == x
    return noise.round(value, result(width, terms), width.absolute, exact)


def _all_whole(operands: Sequence[torch.Tensor]) -> bool:
    """Whether all operands hold whole numbers alone. Most do not, which few elements show."""
    return all(
        not x.dtype.is_complex and bool(whole(x.reshape(-1)[:8], 2.0**24).all()) and bool(whole(x, 2.0**24).all())
        for x in operands
    )


def _fused(
    noise: Noise, name: str, compute: Compute, args: Any, kwargs: Any, widths: Sequence[Width | None], keep: Container[int]
) -> list[torch.Tensor]:
    """A kernel that rounds inside: its operands are perturbed as well as its results, each by as much as its length warrants."""
    kept = widths[STORED[name]] if name in STORED else None
    if name in COMPOSED and (composed := _composed(noise, name, args, kwargs, widths, kept)):
        others = compute(args, kwargs)[len(composed) :]  # the running statistics, which the kernel writes
        return [_round(noise, value, w) for value, w in zip([*composed, *others], widths, strict=True)]
    if kept is not None:
        widths = [w and replace(w, accumulation=kept.unit) for w in widths]
    factors = 2 if name in CONTRACTIONS else 1
    farthest = _farthest(args) if name in INTERPOLATES else 1.0

    whole_operands = _all_whole([x for x in args if isinstance(x, torch.Tensor) and is_floating(x.dtype)])

    def run(error: float) -> list[torch.Tensor]:
        def perturb(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor) or id(leaf) in keep or whole_operands:
                return leaf
            value = noise.round(leaf, error)
            return value.clamp_max(1) if name in PROBABILITIES and leaf.numel() and leaf.max() <= 1 else value

        return compute(*tree_map(perturb, (args, kwargs)))

    smallest = min(w.accumulation for w in widths if w)
    runs = {}
    if name in CONTRACTIONS or name in REDUCTIONS:
        of = (CONTRACTIONS.get(name) or REDUCTIONS[name])(*args, *kwargs.values())
        terms = [of] * len(widths) if isinstance(of, int) else [*of, *[1] * (len(widths) - len(of))]
    else:
        runs[smallest] = run(smallest)
        largest = max((leaf.numel() for leaf in args if isinstance(leaf, torch.Tensor)), default=1)
        terms = [largest // max(1, value.numel()) for value in runs[smallest]]
    results = []
    for i, (w, n) in enumerate(zip(widths, terms, strict=False)):
        error = operand(w, n, factors) * farthest if w else smallest
        if error not in runs:
            runs[error] = run(error)
        results.append(_round(noise, runs[error][i], w, n))
    return results


def _farthest(args: Any) -> float:
    """The longest axis along which a kernel interpolates, on either side of it."""
    shapes = [tuple(getattr(arg, "shape", arg)) for arg in args if isinstance(arg, (torch.Tensor, tuple, list))]
    return float(max((length for shape in shapes for length in shape[2:] or shape), default=1))


def _composed(
    noise: Noise, name: str, args: Any, kwargs: Any, widths: Sequence[Width | None], kept: Width | None
) -> list[torch.Tensor] | None:
    """A kernel whose inside cancels, with the roundings inside and on its operands: its formula may be another than ours.

    kept   of the statistics, which are rounded once when they are stored; it adds as exactly as its other results allow
    """
    own = min((w for w in widths if w), key=lambda w: w.accumulation)
    args = tree_map(lambda leaf: noise.round(leaf, own.accumulation) if isinstance(leaf, torch.Tensor) else leaf, args)

    def inside(value: torch.Tensor, terms: float = 1, *, stored: bool = False) -> torch.Tensor:
        error = own.accumulation * max(1.0, sqrt(terms / 3))
        return noise.round(value, max(error, kept.unit) if stored and kept else error, 0.0, whole(value, 1 / own.unit))

    return COMPOSED[name](inside, *args, **kwargs)


def _scatter(
    noise: Noise, values: int, compute: Compute, args: Any, kwargs: Any, widths: Sequence[Width | None]
) -> list[torch.Tensor]:
    """Values that are added to the elements that an index names, one after the other, in the dtype that stores them.

    Whole numbers, as counts are, stay whole: they are compared and divided by.
    """

    def with_values(tensor: torch.Tensor) -> list[torch.Tensor]:
        return compute((*args[:values], tensor, *args[values + 1 :]), kwargs)

    terms, results = args[values], []
    ones, zeros = with_values(torch.ones_like(terms)), with_values(torch.zeros_like(terms))
    for i, w in enumerate(widths):
        if w is None:
            results.append(compute(args, kwargs)[i])
            continue
        count = torch.nan_to_num(ones[i] - zeros[i]).real.round()
        most = max(1.0, float(count.max()) / 6) if count.numel() else 1.0
        counted = not terms.dtype.is_complex and bool(whole(terms, 1 / w.unit).all())
        value = with_values(terms if counted else noise.round(terms, w.unit * most**0.5))[i]
        scale = torch.clamp_min(torch.sqrt(torch.clamp_min(count, 0) / 3), 1) * (count > 0)
        exact = None if value.dtype.is_complex else whole(value, 1 / w.unit)
        results.append(noise.round(value, w.unit * scale, w.absolute, exact))
    return results
