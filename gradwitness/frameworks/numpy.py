"""NumPy as a framework: a function is a pair (forward, backward), and its vjp is the hand-derived one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradwitness.frameworks import Array, require_device, require_mode


def from_numpy(array: Array, device: str = "cpu") -> Array:
    """A copy of the array."""
    require_device("numpy", device, devices())
    return np.array(array)


def to_numpy(tensor: Array) -> Array:
    """A copy of the array."""
    return np.array(tensor)


def compile(fn: Callable[..., Any], mode: str = "eager") -> Callable[..., Any]:
    """The function as it is: NumPy has no compiler."""
    require_mode("numpy", mode)
    return fn


def vjp(fn: Any, mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
    """fn = (forward, backward) as one function (args, dout) -> (out, grads)."""
    require_mode("numpy", mode)
    forward, backward = fn

    def run(args: Any, dout: Any) -> tuple[Any, Any]:
        out, cache = forward(*args)
        return out, backward(dout, cache)

    return run


@contextmanager
def reproducible() -> Iterator[None]:
    """NumPy is so as it is."""
    yield


def devices() -> list[str]:
    """The CPU."""
    return ["cpu"]


def wait(tree: Any) -> None:
    """NumPy computes while you wait."""


def version() -> str:
    """Name and version."""
    return f"numpy {np.__version__}"
