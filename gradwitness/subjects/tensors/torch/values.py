"""Tensors of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gradwitness.arrays import Array
from gradwitness.subjects.tensors.precision import Precision


class Values:
    """See `backend.Values`."""

    layouts = ("transposed", "sliced", "expanded")

    def without_values(self, tensor: Any) -> str:
        """Tensors of the meta device have a shape alone; sparse, nested and quantised ones are no arrays of numbers."""
        if tensor.is_meta:
            return "on the meta device"
        if tensor.is_nested or tensor.is_quantized:
            return "that is nested" if tensor.is_nested else "that is quantised"
        return "" if tensor.layout is torch.strided else f"of layout {tensor.layout}"

    def holds(self, value: Any) -> bool:
        """A tensor, a parameter, a subclass."""
        return isinstance(value, torch.Tensor)

    def marked(self, tensor: torch.Tensor) -> bool:
        """requires_grad."""
        return bool(tensor.requires_grad)

    def dtype(self, tensor: torch.Tensor) -> str:
        """Without "torch."."""
        return str(tensor.dtype).removeprefix("torch.")

    def array(self, tensor: torch.Tensor) -> Array:
        """From any device, sparse or not."""
        values = tensor.detach()
        values = (values.to_dense() if values.layout != torch.strided else values).resolve_conj().resolve_neg().cpu()
        if values.is_complex():
            values = torch.view_as_real(values)
        return np.array(
            values.float().numpy(force=True) if values.is_floating_point() and values.itemsize < 4 else values.numpy(force=True)
        )

    def tensor(self, array: Array, like: torch.Tensor, dtype: str) -> torch.Tensor:
        """A leaf of no graph."""
        wanted = getattr(torch, dtype)
        values = torch.from_numpy(np.array(array))
        if wanted.is_complex:
            return torch.view_as_complex(values.to(wanted.to_real()).contiguous()).to(like.device)
        return values.to(device=like.device, dtype=wanted)

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return torch.zeros_like(tensor)

    def laid_out(self, tensor: torch.Tensor, layout: str) -> torch.Tensor:
        """Columns first; every second element of a larger tensor; or one number, seen many times."""
        if layout == "expanded":
            return tensor.reshape(-1)[:1].reshape((1,) * tensor.dim()).expand(tensor.shape) if tensor.numel() else tensor
        if layout == "transposed" and tensor.dim() > 1:
            return tensor.movedim(0, -1).clone(memory_format=torch.contiguous_format).movedim(-1, 0)
        larger = tensor.new_full((*tensor.shape, 2), float("nan"))
        larger[..., 0] = tensor
        return larger[..., 0]


def copied(value: torch.Tensor, precision: Precision) -> torch.Tensor:
    """A leaf of its own graph, for functions that differentiate what they hold themselves."""
    return rounded(value.detach().clone(), precision).requires_grad_(value.requires_grad)


def rounded(value: torch.Tensor, precision: Precision) -> torch.Tensor:
    """Floats, and complex numbers, in a precision; anything else as it is."""
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and (value.is_floating_point() or value.is_complex()):
            real = getattr(torch, dtype)
            value = value.to(real.to_complex() if value.is_complex() else real)
    return value
