"""How each framework differentiates: one module for each framework, imported when it is first asked for.

Every module offers what `Framework` says. Importing one changes nothing in the process: float64 in JAX, deterministic algorithms
and full-precision matrix products are in force inside `reproducible(name)` alone, or for good after `own_process()`.

Importing TensorFlow takes about six seconds, PyTorch two, JAX one. `specs()` says what there is without importing any.
"""

from __future__ import annotations

import atexit
import importlib
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import Any, Protocol, cast

import numpy as np

from gradwitness.frameworks.spec import GROUP, FrameworkSpec, spec_of, specs

__all__ = [
    "GROUP",
    "Framework",
    "FrameworkSpec",
    "Unavailable",
    "installed",
    "load",
    "own_process",
    "process_is_owned",
    "reproducible",
    "require_device",
    "require_dtype",
    "require_held",
    "require_mode",
    "spec_of",
    "specs",
    "undisturbed",
]

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


def installed(name: str) -> bool:
    """Whether the framework's package can be found, without importing it. Raises ValueError for an unknown name."""
    return spec_of(name).installed


@cache
def load(name: str) -> Framework:
    """The module of a framework.

    Raises ValueError for an unknown name, Unavailable where the framework is missing or broken.
    """
    spec = spec_of(name)
    if not spec.installed:
        raise Unavailable(f"{name} is not installed")
    try:
        with undisturbed():
            module = cast("Framework", importlib.import_module(spec.module))
    except Exception as error:  # a broken installation raises anything: OSError, AttributeError, RuntimeError
        raise Unavailable(f"{name} is installed but breaks at import: {type(error).__name__}: {error}") from error
    _loaded.append(module)
    if _for_good:
        _for_good[0].enter_context(module.reproducible())
    return module


_loaded: list[Framework] = []
_for_good: list[ExitStack] = []
"""The contexts that this process never leaves, once it is owned."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the state of Python's random numbers, which some libraries use while they are imported."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def reproducible(*names: str) -> Iterator[None]:
    """Run these frameworks reproducibly: see `Framework.reproducible`. Raises as `load` does."""
    if not names:
        yield
        return
    first, *others = names
    with load(first).reproducible(), reproducible(*others):
        yield


def own_process() -> None:
    """Make every framework reproducible for as long as the process lives, from when it is loaded.

    For programs that are nobody's library: the conformance matrix, benchmarks, lessons.
    """
    if not process_is_owned():
        _for_good.append(ExitStack())
        atexit.register(_for_good[0].close)  # while the frameworks are still there: Python itself would close it too late
        for module in _loaded:
            _for_good[0].enter_context(module.reproducible())


def process_is_owned() -> bool:
    """Whether `own_process` was called."""
    return bool(_for_good)


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
