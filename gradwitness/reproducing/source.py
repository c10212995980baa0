"""The source of a function, with everything of the user's that it names: code that stands alone in a script."""

from __future__ import annotations

from typing import Any

from gradwitness.reproducing.texts import NoSource
from gradwitness.reproducing.writer import Source, Writer

PASTE = "# Paste the source of"


def source_of(function: Any, framework: str, called: str = "function", wide: bool = False) -> Source:
    """The source of a function, which stands alone if it can; else an import of it.

    called   the name that an expression without a name of its own gets
    wide     whether tensors of floats that it names are written in float64
    """
    writer = Writer(framework, wide)
    found = writer.source
    try:
        found.name = writer.expression(function, called)
    except (NoSource, OSError, TypeError, SyntaxError, IndentationError):
        found = Source(name=called, pasted=True)
        if not hasattr(function, "__qualname__"):
            note = f"{PASTE} {called} here, an object of the class {type(function).__name__}, in place of this import."
            found.definitions[called] = f"{note}\nfrom your_module import {called}\n"
            return found
        module, name = function.__module__ or "", function.__qualname__.partition(".")[0]
        found.definitions[called] = f"{PASTE} {function.__qualname__} here, in place of this import.\n"
        bound = not isinstance(getattr(function, "__self__", Writer), type)
        if bound or "<locals>" in function.__qualname__ or not name.isidentifier():
            found.definitions[called] += f"from your_module import {called}\n"  # nobody can import it by its own name
            return found
        origin = "your_module" if module in ("__main__", "") else module
        renamed = f"\n\n{called} = {function.__qualname__}" if called not in (function.__qualname__, name) else ""
        found.definitions[called] += f"from {origin} import {name}{renamed}\n"
    return found
