"""Loading a framework, and what may be set in the process: inside a `with`, or for good."""

from __future__ import annotations

import atexit
import importlib
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import cast

from gradwitness.frameworks.protocol import Framework, Unavailable
from gradwitness.frameworks.spec import spec_of


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
