"""An adapter put together from the modules of its package. Each of them may be absent.

backend.py          imported first: what the framework reads when it is imported
ops/ or ops.py      one function for each op; `LAYOUTS`
models/             `MODELS`
optimizers.py       one function for each optimizer; `CONVENTIONS`
schedules.py        `SCHEDULES` and `rates`
clipping.py         `CLIPPING`; `CONVENTIONS`
training.py         how models and optimizers are run
__init__.py         `MISSING`: what there is not, and why
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from gradwitness import frameworks
from gradwitness.frameworks import FrameworkSpec

from .protocol import Adapter


def assemble(spec: FrameworkSpec, package: str) -> Adapter:
    """The adapter in a package.

    Raises gradwitness.frameworks.Unavailable where the framework is missing, or a module of the package breaks at import.
    """
    framework = frameworks.load(spec.name)  # says why, where it cannot
    try:
        with frameworks.undisturbed():
            root = importlib.import_module(package)
            _module(package, "backend")
            ops = list(_modules(package, "ops"))
            models, optimizers, schedules, clipping, training = (
                _module(package, part) for part in ("models", "optimizers", "schedules", "clipping", "training")
            )
    except Exception as error:  # a library that the adapter needs besides the framework: keras, optax
        raise frameworks.Unavailable(f"the {spec.name} adapter breaks at import: {type(error).__name__}: {error}") from error
    return Adapter(
        spec,
        framework,
        package,
        ops=functions(*ops),
        layouts=_merged("LAYOUTS", *ops),
        models=_merged("MODELS", models),
        optimizers=functions(optimizers),
        schedules=_merged("SCHEDULES", schedules),
        clipping=_merged("CLIPPING", clipping),
        conventions=_merged("CONVENTIONS", optimizers, clipping),
        reasons=_merged("MISSING", root),
        **{name: getattr(module, name) for name, module in _runs(training, schedules) if hasattr(module, name)},
    )


def _runs(training: ModuleType | None, schedules: ModuleType | None) -> Iterator[tuple[str, ModuleType | None]]:
    """How models and optimizers are run -> the module that says it."""
    yield from ((name, training) for name in ("predict", "loss", "gradients", "named", "named_state", "trainer", "optimize"))
    yield "rates", schedules


def functions(*modules: ModuleType | None) -> dict[str, Callable[..., Any]]:
    """The public functions that modules themselves define, by name."""
    return {
        name: value
        for module in modules
        if module is not None
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and value.__module__ == module.__name__ and not isinstance(value, type)
    }


def _merged(table: str, *modules: ModuleType | None) -> dict[str, Any]:
    return {name: value for module in modules for name, value in getattr(module, table, {}).items()}


def _module(package: str, name: str) -> ModuleType | None:
    full = f"{package}.{name}"
    return importlib.import_module(full) if find_spec(full) else None


def _modules(package: str, name: str) -> Iterator[ModuleType]:
    """A module, or all that lie in a package of this name."""
    if (module := _module(package, name)) is None:
        return
    yield module
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield importlib.import_module(f"{module.__name__}.{info.name}")
