"""Models of the reference in libraries that differentiate NumPy programs: what the hand-derived backward is to be faster than.

They are no adapters: nothing of theirs is verified beyond what is timed, and a library that is missing is reported and left out.
Each module here has prepare(model, subject) -> Prepared.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

from gradwitness import frameworks

__all__ = ["load", "version"]

MODULES = {"autograd": "hips", "mygrad": "mygrad_"}
"""Library -> the module here that spells models in it."""


def load(name: str) -> Any:
    """The module of a peer. Raises gradwitness.frameworks.Unavailable where the library is missing or broken."""
    try:
        return importlib.import_module(f"benchmarks.peers.{MODULES[name]}")
    except Exception as error:
        raise frameworks.Unavailable(f"{name} breaks at import: {type(error).__name__}: {error}") from error
