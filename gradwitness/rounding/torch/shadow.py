"""A tensor that claims a dtype and holds its value in float64, and the random roundings of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from gradwitness.rounding.torch.trees import tree_map


class Shadow(torch.Tensor):
    """A tensor of dtype `claimed` whose value is `inner`, in float64. Outside of `measure` it is an ordinary tensor."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor, claimed: torch.dtype) -> Shadow:
        made: Shadow = torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=claimed, device=inner.device
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        return func(*tree_map(rounded, tuple(args)), **tree_map(rounded, dict(kwargs or {})))

    def tolist(self) -> Any:
        """The values, as `item` gives one; PyTorch refuses it to its subclasses."""
        return self.inner.tolist()

    def __repr__(self, **_: Any) -> str:
        return f"Shadow({self.inner}, {self.dtype})"


def rounded(leaf: Any) -> Any:
    """A shadow as an ordinary tensor of the dtype that it claims; anything else as it is."""
    return leaf.inner.to(leaf.dtype) if isinstance(leaf, Shadow) else leaf


def is_floating(dtype: torch.dtype) -> bool:
    """Whether a dtype is real floating or complex."""
    return dtype.is_floating_point or dtype.is_complex


def wide(dtype: torch.dtype) -> torch.dtype:
    """The dtype of the shadow."""
    if dtype.is_complex:
        return torch.complex128
    return torch.float64 if dtype.is_floating_point else dtype


@cache
def held(number: float, dtype: torch.dtype) -> bool:
    """Whether a dtype holds a Python float exactly."""
    return not np.isfinite(number) or torch.tensor(number, dtype=torch.float64).to(dtype).double().item() == number


def whole(value: torch.Tensor, largest: float) -> torch.Tensor:
    """Which elements are whole numbers, up to the largest below which a dtype holds them all. Arithmetic on them is exact. A
    count that is kept in floats must not become 2.9999999, because it may be cast to an integer.
    """
    return (value == value.trunc()) & (value.abs() <= largest)


class Noise:
    """The random roundings of one run, from generators of its own.

    magnified   by how much they are larger than those of the dtypes
    """

    def __init__(self, seed: tuple[int, int], magnified: float = 1.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.seed = int(self.rng.integers(2**62))
        self.magnified = magnified
        self.generators: dict[torch.device, torch.Generator] = {}

    def round(
        self, value: torch.Tensor, error: float | torch.Tensor, smallest: float = 0.0, exact: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The value with a random relative error of up to `error` in each element. Zeros, infinities and nan do not change.

        smallest   an element may be off by half of it, but no further than to zero: it underflows
        exact      which elements do not change
        """
        if not value.numel() or not is_floating(value.dtype):
            return value
        if value.dtype.is_complex:  # each part is off by up to `error` of the absolute value
            size = value.abs()
            return value + torch.complex(*(torch.nan_to_num(self.round(size, error, smallest) - size) for _ in range(2)))
        r = self._uniform(value)
        if smallest:
            error = (smallest / 2 / value.abs()).clamp_max_(1).clamp_min_(error)
        r = r.mul_(error)
        return value * (r if exact is None else r.masked_fill_(exact, 0)).add_(1)

    def number(self, value: float, error: float) -> float:
        """A Python float, likewise."""
        return value * (1 + self.magnified * error * self.rng.uniform(-1, 1))

    def _uniform(self, value: torch.Tensor) -> torch.Tensor:
        generator = self.generators.get(value.device)
        if generator is None:
            generator = self.generators[value.device] = torch.Generator(value.device).manual_seed(self.seed)
        r = torch.rand(value.shape, generator=generator, device=value.device, dtype=torch.float32)
        return r.double().sub_(0.5).mul_(2 * self.magnified)
