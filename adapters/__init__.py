"""How each framework writes what the reference derives.

`NAMES` lists the adapters: those of this folder, and those that installed packages add through the entry-point group
`gradwitness.adapters` (see gradwitness/frameworks/spec.py). `load(name)` returns one. Importing this package loads no framework.

A new framework is one folder here and one `FrameworkSpec`; an adapter may also be partial, and live elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from gradwitness import frameworks

from .assembly import assemble
from .layout import Layout
from .protocol import Adapter, Model, Trainer

__all__ = ["NAMES", "Adapter", "Layout", "Model", "Trainer", "load", "package_of"]

NAMES = tuple(
    spec.name
    for spec in frameworks.specs().values()
    if spec.adapter or Path(__file__).with_name(spec.name).is_dir()
)  # fmt: skip


def package_of(name: str) -> str:
    """The import path of an adapter's package."""
    return frameworks.spec_of(name).adapter or f"{__name__}.{name}"


_loaded: dict[str, Adapter] = {}


def load(name: str) -> Adapter:
    """The adapter of a framework. (No functools.cache: torch.compile follows this call and warns of one.)

    Raises ValueError for an unknown name, gradwitness.frameworks.Unavailable where the framework is missing or broken.
    """
    if name not in NAMES:
        raise ValueError(f"unknown adapter {name!r}; there are {', '.join(NAMES)}")
    if name not in _loaded:
        _loaded[name] = assemble(frameworks.spec_of(name), package_of(name))
    return _loaded[name]
