"""The process in which a notebook is run: `python -m lessons.notebooks.child NOTEBOOK`.

It prints what each cell of code prints, as JSON.

Imports of anything but the standard library, NumPy and this checkout's engine fail as they do where nothing else is installed.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ALLOWED = {"numpy", "gradwitness"}


class NothingElse(MetaPathFinder):
    """Asked before all other finders: a module that is not allowed does not exist."""

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """None, so that the other finders look for it. Raises ModuleNotFoundError for a module that is not allowed."""
        top = fullname.partition(".")[0]
        if top in ALLOWED or top in sys.stdlib_module_names:
            return None
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def run(cells: Sequence[str]) -> list[str]:
    """What each of these cells prints; the value of a last expression is printed, too, as Jupyter does."""
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    printed = []
    for number, source in enumerate(cells, start=1):
        with redirect_stdout(io.StringIO()) as out:
            _execute(source, f"cell {number}", main.__dict__)
        printed.append(out.getvalue())
    return printed


def _execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # check reads the source
    tree = ast.parse(source, name)
    *before, last = tree.body
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), namespace)  # noqa: S102 (the notebooks are this repository's own)
    else:
        exec(compile(ast.Module(before, []), name, "exec"), namespace)  # noqa: S102
        value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)  # noqa: S307
        if value is not None:
            print(repr(value))  # noqa: T201


def main() -> None:
    """Run the notebook that the command names."""
    cells = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]
    sys.meta_path.insert(0, NothingElse())
    printed = run(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
    sys.stdout.write(json.dumps(printed))


if __name__ == "__main__":
    main()
