"""What a framework's module offers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Framework(Protocol):
    """What a framework's module offers."""

    def from_numpy(self, array: Array, device: str = "cpu") -> Any:
        """The array as a tensor on device, copied, in the same dtype. Raises ValueError for a device that is not there."""

    def to_numpy(self, tensor: Any) -> Array:
        """The tensor as an array, copied, in the same dtype."""

    def compile(self, fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
        """The function in one of the framework's modes; "eager" leaves it as it is. Raises ValueError for an unknown mode."""

    def vjp(self, fn: Callable[..., Any], mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
        """(args, dout) -> (out, grads) by automatic differentiation. Prepared once, so that compiling can be timed apart."""

    def devices(self) -> list[str]:
        """The devices that the framework sees."""

    def wait(self, tree: Any) -> None:
        """Return when everything that was computed into tree is there."""

    def version(self) -> str:
        """Name and version."""

    def reproducible(self) -> AbstractContextManager[None]:
        """A context with deterministic algorithms, full-precision matrix products and float64. On leaving it everything is as it
        was before.
        """


class Unavailable(ImportError):
    """A framework is not installed, or breaks when it is imported. The message says which and why."""
