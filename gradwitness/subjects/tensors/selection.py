"""Which tensors of a function are differentiated, and which of its outputs are judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.precision import is_real
from gradwitness.subjects.tensors.tree import Path, tensors, written

Asked = Collection[str | int] | str | int | None
"""Names or positions; None for all."""


def chosen(found: Sequence[tuple[str, Path]], names: Sequence[str], wrt: Asked) -> set[Path]:
    """The paths of the tensors to differentiate."""
    if wrt is None:
        if not found:
            raise BadCall("inputs", "without floats", "at least one tensor of floats, or a module with parameters")
        return {path for _, path in found}
    paths: set[Path] = set()
    for asked in [wrt] if isinstance(wrt, (str, int)) else wrt:
        name = names[asked] if isinstance(asked, int) and -len(names) <= asked < len(names) else asked
        these = {path for full, path in found if full == name or full.startswith((f"{name}[", f"{name}."))}
        if not these:
            there = ", ".join(full for full, _ in found) or "none"
            raise BadCall("wrt", repr(asked), f"names or positions of tensors of floats, of {there}")
        paths |= these
    return paths


def floats(backend: Backend, out: Any, outputs: Asked, function: str = "the function") -> tuple[list[str], list[Any]]:
    """The floats that came out, those that are asked for, and their names.

    function   what it is called where nothing came
    """
    found = [(path, value) for path, value in tensors({"out": out}, backend.holds) if is_real(backend.dtype(value))]
    if outputs is not None:
        asked = [outputs] if isinstance(outputs, (str, int)) else list(outputs)
        for one in asked:
            if not any(one in (number, path[-1]) for number, (path, _) in enumerate(found)):
                there = ", ".join(f"{number} ({written(path)})" for number, (path, _) in enumerate(found)) or "none"
                raise BadCall("outputs", repr(one), f"positions or keys of outputs of floats: {there}")
        found = [(path, value) for number, (path, value) in enumerate(found) if number in asked or path[-1] in asked]
    if not found:
        raise BadCall(
            f"what {function} returns",
            kind(out),
            f"a tensor of floats of {backend.title}, or a tuple, list, dict or dataclass of them",
            "A Python number or a NumPy array is outside of the graph: return the tensor itself",
        )
    return [written(path) for path, _ in found], [value for _, value in found]
