"""Checks that the frameworks' modules share."""

from __future__ import annotations

from typing import Any

from gradwitness.frameworks.protocol import Array
from gradwitness.frameworks.spec import spec_of


def require_mode(name: str, mode: str) -> None:
    """Raise ValueError, listing what there is, for a mode that a framework does not have."""
    modes = spec_of(name).modes
    if mode not in modes:
        raise ValueError(f"{name} has no mode {mode!r}; there are {', '.join(modes)}")


def require_device(name: str, device: str, seen: list[str]) -> None:
    """Raise ValueError, listing what there is, for a device that a framework does not see."""
    if device not in seen:
        raise ValueError(f"{name} sees no device {device!r}; there are {', '.join(seen)}")


def require_held(name: str, array: Array, dtype: Any) -> None:
    """Raise TypeError where a framework stores an array in another dtype than its own."""
    if dtype != array.dtype:
        raise TypeError(
            f"{name} stores {array.dtype} as {dtype}; it keeps {array.dtype} inside `with frameworks.reproducible({name!r})`"
        )


def require_dtype(name: str, out: Any, dout: Any) -> None:
    """Raise TypeError where a result has another dtype than its cotangent: the function computed in another precision."""
    for o, d in zip(*(t if isinstance(t, tuple) else (t,) for t in (out, dout)), strict=True):
        if o.dtype != d.dtype:
            raise TypeError(f"{name}: forward returned {o.dtype} where the inputs are {d.dtype}")
