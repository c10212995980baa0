"""How each framework differentiates: one module per framework, imported when first asked for.

Every module offers

    from_numpy(array, device="cpu") -> tensor      to_numpy(tensor) -> array      both copy, and keep the dtype
    compile(fn, mode) -> fn                        the function in one of MODES[name]; "eager" leaves it as it is
    vjp(fn, mode) -> (args, dout) -> (out, grads)  prepared once, so that tracing and compiling stay off the clock
    devices() -> ["cpu", "cuda"]                   what it sees
    wait(tree)                                     returns when everything computed into tree is there
    version() -> str

and on import sets what makes runs comparable: float64 on, reduced-precision matrix products off, deterministic
algorithms, quiet logs.

Importing TensorFlow takes about six seconds, PyTorch two, JAX one; nothing is imported to find out what is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

MODES = {
    "numpy": ("eager",),
    "torch": ("eager", "inductor"),
    "tensorflow": ("eager", "graph", "xla"),
    "jax": ("eager", "jit"),
}
"""Ways to run a function. The first is the plain one; the others compile it."""

SLOW_TO_BUILD = ("inductor",)
"""Modes that start a C++ or Triton compiler for each function: seconds instead of milliseconds."""

CUSTOMARY = {"numpy": "eager", "torch": "eager", "tensorflow": "graph", "jax": "jit"}
"""The mode in which a framework's users train: the quickest for a thousand small steps, compiling included."""

DEVICES = ("cpu", "cuda")


class Framework(Protocol):
    """What a module of this package offers."""

    def from_numpy(self, array: Array, device: str = "cpu") -> Any:
        """The array as a tensor on device. Raises ValueError for a device that is not there."""

    def to_numpy(self, tensor: Any) -> Array:
        """The tensor as an array of the same dtype."""

    def compile(self, fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
        """The function, compiled. Raises ValueError for an unknown mode."""

    def vjp(self, fn: Callable[..., Any], mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
        """The function and its vector-Jacobian product by automatic differentiation."""

    def devices(self) -> list[str]:
        """The devices that the framework sees."""

    def wait(self, tree: Any) -> None:
        """Drain asynchronous work that tree depends on."""

    def version(self) -> str:
        """Name and version."""


class Unavailable(ImportError):
    """A framework is not installed, or breaks when it is imported; the message says which and why."""


def installed(name: str) -> bool:
    """Whether the framework's package can be found, without importing it."""
    _known(name)
    return importlib.util.find_spec(name) is not None


@cache
def load(name: str) -> Framework:
    """The module for a framework.

    Raises ValueError for an unknown name, Unavailable where the framework is missing or broken.
    """
    _known(name)
    if not installed(name):
        raise Unavailable(f"{name} is not installed")
    try:
        return importlib.import_module(f"gradwitness.frameworks.{name}")
    except Exception as error:  # a broken installation raises anything: OSError, AttributeError, RuntimeError
        raise Unavailable(f"{name} is installed but breaks at import: {type(error).__name__}: {error}") from error


def _known(name: str) -> None:
    if name not in MODES:
        raise ValueError(f"unknown framework {name!r}; there are {', '.join(MODES)}")


def require_mode(name: str, mode: str) -> None:
    """Raise ValueError, listing what there is, for a mode that a framework does not have."""
    if mode not in MODES[name]:
        raise ValueError(f"{name} has no mode {mode!r}; there are {', '.join(MODES[name])}")


def require_device(name: str, device: str, seen: list[str]) -> None:
    """Raise ValueError, listing what there is, for a device that a framework does not see."""
    if device not in seen:
        raise ValueError(f"{name} sees no device {device!r}; there are {', '.join(seen)}")


def require_dtype(name: str, out: Any, dout: Any) -> None:
    """Raise TypeError where a result has another dtype than its cotangent: the function computed in another
    precision.
    """
    for o, d in zip(*(t if isinstance(t, tuple) else (t,) for t in (out, dout)), strict=True):
        if o.dtype != d.dtype:
            raise TypeError(f"{name}: forward returned {o.dtype} where the inputs are {d.dtype}")
