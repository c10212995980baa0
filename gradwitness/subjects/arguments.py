"""The inputs of a user's function: which of their arrays are differentiated, under which names, and what is data.

Floats are differentiated: arrays, NumPy's numbers and Python's, in tuples, lists and dicts however deep. Everything else is data
(integers, booleans, strings, objects, None) and is handed over as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.errors import BadCall


@dataclass(frozen=True, eq=False)
class Leaf:
    """A differentiated array: its name ("x", "params[W1]"), its path through the inputs, its value as it came.

    pairs   whether it holds complex numbers, as pairs of real ones along the last axis
    """

    name: str
    path: tuple[Any, ...]
    value: Any
    pairs: bool = False

    @property
    def array(self) -> Array:
        """The value as an array, copied."""
        return np.array(self.value)


def is_float(value: Any) -> bool:
    """Whether a value is a float, or an array of floats: of NumPy's kinds, or bfloat16 and the like from ml_dtypes."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind == "f" or (value.dtype.kind == "V" and "float" in value.dtype.name)
    return isinstance(value, float)


def floats(name: str, value: Any) -> list[tuple[str, Any]]:
    """Every float in nested tuples, lists and dicts, with its name."""
    if is_float(value):
        return [(name, value)]
    return [found for key, branch in branches(value) for found in floats(f"{name}[{key}]", branch)]


def leaves_of(inputs: Sequence[Any], names: Sequence[str], wrt: Collection[str | int] | None = None) -> list[Leaf]:
    """The differentiated leaves of positional inputs.

    names   of the inputs
    wrt     names or positions of inputs (or full names of leaves) to differentiate; None for every float

    Raises BadCall for a name in wrt that is not there or has no floats, and where nothing is left to differentiate.
    """
    found = [leaf for i, (name, value) in enumerate(zip(names, inputs, strict=True)) for leaf in _walk(name, (i,), value)]
    if wrt is not None:
        found = _chosen(found, inputs, names, [wrt] if isinstance(wrt, (str, int)) else list(wrt))
    if not found:
        kinds = ", ".join(f"{name}: {kind(value)}" for name, value in zip(names, inputs, strict=True)) or "nothing"
        objects = any(hasattr(value, "__dict__") and not isinstance(value, np.ndarray) for value in inputs)
        arrays = any(isinstance(value, np.ndarray) for value in inputs)
        cure = "Convert: x.astype(float)" if arrays else "Convert: np.asarray(x, float), or write 1.0 for 1"
        if objects:
            cure = "An object is data: hand over its arrays, in a dict by name, or see check_loss(..., in_place=True)"
        raise BadCall(
            "params" if tuple(names) == ("params",) else "inputs",
            f"without any floats ({kinds})",
            "at least one float array",
            cure,
        )
    return found


def kind(value: Any) -> str:
    """What a value is, in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, shape {value.shape}"
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def replaced(inputs: Sequence[Any], leaves: Sequence[Leaf], arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The inputs with other values in their leaves. Everything else is handed over as it is: `State` puts it back."""
    memo = {leaf.path: array for leaf, array in zip(leaves, arrays, strict=True)}
    return tuple(_rebuilt(value, (i,), memo) for i, value in enumerate(inputs))


def data_of(values: Sequence[Any], names: Sequence[str], leaves: Sequence[Leaf]) -> Iterator[tuple[str, Array]]:
    """The arrays in nested values that are not differentiated, with their names."""
    waiting: list[tuple[str, tuple[Any, ...], Any]] = [
        (name, (i,), value) for i, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    paths = {leaf.path for leaf in leaves}
    while waiting:
        name, path, value = waiting.pop(0)
        if isinstance(value, np.ndarray) and path not in paths:
            yield name, value
        waiting += [(f"{name}[{key}]", (*path, key), branch) for key, branch in branches(value)]


def copied(value: Any) -> Any:
    """A deep copy; the thing itself where it cannot be copied (an open file, a module)."""
    try:
        return copy.deepcopy(value)
    except Exception:  # whatever a stranger's __deepcopy__ raises: then the object itself has to do
        return value


def _walk(name: str, path: tuple[Any, ...], value: Any) -> Iterator[Leaf]:
    if is_float(value):
        yield Leaf(name, path, value)
    else:
        for key, branch in branches(value):
            yield from _walk(f"{name}[{key}]", (*path, key), branch)


def branches(value: Any) -> Iterator[tuple[Any, Any]]:
    """The entries of a tuple, list or dict with their keys; none for anything else."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (tuple, list)):
        yield from enumerate(value)


def _rebuilt(value: Any, path: tuple[Any, ...], memo: Mapping[tuple[Any, ...], Any]) -> Any:
    if path in memo:
        return memo[path] if isinstance(value, np.ndarray) else _number(memo[path], value)
    if not any(place[: len(path)] == path for place in memo):
        return value
    rebuilt = {key: _rebuilt(branch, (*path, key), memo) for key, branch in branches(value)}
    if isinstance(value, Mapping):
        result = copy.copy(value)
        for key, branch in rebuilt.items():
            result[key] = branch  # type: ignore[index]  # keeps OrderedDict, defaultdict and the user's own
        return result
    make: Callable[..., Any] = type(value)
    return make(*rebuilt.values()) if hasattr(value, "_fields") else make(rebuilt.values())


def _number(array: Any, value: Any) -> Any:
    """A number stays one: Python's own in float64, NumPy's in a wider dtype. A watched array stays what it is."""
    if type(array) is not np.ndarray:
        return array
    return float(array) if type(value) is float and array.dtype == np.float64 else array[()]


def _chosen(found: list[Leaf], inputs: Sequence[Any], names: Sequence[str], wrt: list[str | int]) -> list[Leaf]:
    chosen: list[Leaf] = []
    for asked in wrt:
        name = names[asked] if isinstance(asked, int) and -len(inputs) <= asked < len(inputs) else asked
        these = [leaf for leaf in found if leaf.name == name or leaf.name.startswith(f"{name}[")]
        if not these:
            there = ", ".join(dict.fromkeys([*names, *(leaf.name for leaf in found)]))
            came = f"{asked!r}, which has no floats" if name in names else f"{asked!r}"
            raise BadCall("wrt", came, f"names or positions of inputs with floats, of {there}")
        chosen += [leaf for leaf in these if leaf not in chosen]
    return sorted(chosen, key=found.index)
