"""Optional dependencies: a missing one is named in one sentence, with the command that installs it, before any work is done.

Nothing here imports more than the standard library, so that a script can ask before its own imports.
"""

from __future__ import annotations

import importlib.util
import sys

DISTRIBUTIONS = {"sklearn": "scikit-learn", "distributed": "dask[distributed]"}
"""Module -> the name under which it is installed, where that is another."""
PURPOSES = {"matplotlib": "for figures", "sklearn": "for its digits"}
"""Module -> what it is needed for, where its name does not say so."""


def require(extra: str, *modules: str, by: str | None = None) -> None:
    """Leave with status 1 and one sentence on stderr if a module is not installed. Nothing is imported.

    extra     the group of `[project.optional-dependencies]` that brings the modules
    modules   top-level modules, by the names that `import` takes
    by        who needs them; by default the command that runs: "python -m lessons.train"

    Raises SystemExit.
    """
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        names = " and ".join(", ".join(map(_described, missing)).rsplit(", ", 1))
        verb = "is" if len(missing) == 1 else "are"
        raise SystemExit(f"{by or _command()} needs {names}, which {verb} not installed: python -m pip install '.[{extra}]'")


def _described(module: str) -> str:
    name = DISTRIBUTIONS.get(module, module)
    return f"{name} {PURPOSES[module]}" if module in PURPOSES else name


def _command() -> str:
    """The command of this process, as a user types it."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {spec.name.removesuffix('.__main__')}" if spec else "This command"
