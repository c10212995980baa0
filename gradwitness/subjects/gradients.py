"""What a user's backward returned, brought into the order of the differentiated arrays."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.subjects.arguments import Leaf, branches, is_float, kind
from gradwitness.subjects.errors import BadCall

BRANCHING = (tuple, list, Mapping)


def arranged(
    returned: Any, inputs: Sequence[Any], names: Sequence[str], leaves: Sequence[Leaf], who: str = "backward"
) -> list[Any]:
    """One gradient for each leaf, None for one that was not returned.

    returned   a tuple or list with one gradient for each input, or for each input that is differentiated; a dict by the inputs'
               names, with or without a d before them; or, for one input, its gradient itself
    who        returned it

    Raises BadCall where it is none of these.
    """
    if returned is None:
        raise BadCall(f"what {who} returns", "None", f"the gradients of {_list(leaves)}", "Does it end with return?")
    owners = list(dict.fromkeys(leaf.path[0] for leaf in leaves))
    by_input = _by_input(returned, inputs, names, owners, who)
    keys = {alias for leaf in leaves for key in leaf.path[1:] for alias in _aliases(key)}
    return [_number(_at(by_input.get(leaf.path[0]), leaf.path[1:], leaf, keys), leaf) for leaf in leaves]


def _by_input(returned: Any, inputs: Sequence[Any], names: Sequence[str], owners: Sequence[int], who: str) -> dict[int, Any]:
    """Position of an input -> what was returned for it."""
    if isinstance(returned, Mapping) and (named := _by_name(returned, names)) is not None:
        return named
    arrays = [i for i in owners if _has_arrays(inputs[i])]  # numbers are settings, if they have no gradient
    if isinstance(returned, (tuple, list)):
        if len(owners) == 1 and (len(inputs) == 1 or len(returned) != len(inputs)) and _like(returned, inputs[owners[0]]):
            return {owners[0]: returned}
        differentiable = [i for i, value in enumerate(inputs) if is_float(value) or isinstance(value, BRANCHING)]
        for order in (range(len(inputs)), owners, differentiable, arrays):
            if len(returned) == len(order):
                return dict(zip(order, returned, strict=True))
    elif len(owners) == 1 or len(arrays) == 1:
        return {(owners if len(owners) == 1 else arrays)[0]: returned}
    given = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    if given and len(fitting := _fitting(given, inputs, owners)) == 1:
        return dict(zip(fitting[0], given, strict=True))
    wanted = f"{_count(len(owners))}, one for each of {', '.join(names[i] for i in owners)}"
    if isinstance(returned, Mapping):
        keys = ", ".join(map(repr, returned))
        raise BadCall(
            f"what {who} returns", f"a dict with {keys}", wanted, "Its keys are the names of the inputs, or d before them"
        )
    came = _count(len(returned)) if isinstance(returned, (tuple, list)) else kind(returned)
    cure = "None stands for an input that has no gradient, and wrt names those that have one"
    raise BadCall(f"what {who} returns", came, wanted, cure)


def _count(number: int) -> str:
    return "1 gradient" if number == 1 else f"{number} gradients"


def _has_arrays(value: Any) -> bool:
    """Whether an array is in nested tuples, lists and dicts."""
    return isinstance(value, np.ndarray) or any(_has_arrays(branch) for _, branch in branches(value))


def _fitting(given: Sequence[Any], inputs: Sequence[Any], owners: Sequence[int]) -> list[tuple[int, ...]]:
    """The ways, in the inputs' order, to see arrays as the gradients of some of the inputs by their shapes."""
    if not all(isinstance(each, np.ndarray) for each in given):
        return []
    shapes = {i: np.shape(inputs[i]) for i in owners if is_float(inputs[i])}
    ways = itertools.islice(itertools.combinations(shapes, len(given)), 1000)
    return [way for way in ways if all(shapes[i] == gradient.shape for i, gradient in zip(way, given, strict=True))]


def _like(returned: Any, value: Any) -> bool:
    """Whether a tuple or list is the gradient of one input itself: it has the structure of a list, or the shape of an array."""
    if isinstance(value, (tuple, list)):
        return len(returned) == len(value) and all(
            g is None or isinstance(g, BRANCHING) == isinstance(v, BRANCHING) for g, v in zip(returned, value, strict=True)
        )
    if not isinstance(value, np.ndarray) or any(isinstance(each, np.ndarray) and each.shape == value.shape for each in returned):
        return False
    try:
        return bool(np.shape(returned) == value.shape)
    except ValueError:  # a jagged list
        return False


def _by_name(returned: Mapping[Any, Any], names: Sequence[str]) -> dict[int, Any] | None:
    known = {alias: i for i, name in enumerate(names) for alias in _aliases(name)}
    if not returned or not any(key in known for key in returned):
        return None
    return {known[name]: value for name, value in returned.items() if name in known}


def _aliases(name: Any) -> list[Any]:
    """The keys under which a gradient may stand."""
    return (
        [name, f"d{name}", f"d_{name}", f"grad_{name}", f"g_{name}", f"g{name}", f"{name}_grad"]
        if isinstance(name, str)
        else [name]
    )


def _at(gradient: Any, path: Sequence[Any], leaf: Leaf, keys: Collection[Any]) -> Any:
    """The part of an input's gradient that belongs to a leaf. keys: all that may stand in a dict of gradients."""
    for key in path:
        if gradient is None:
            return None
        if isinstance(gradient, Mapping):
            came = gradient
            gradient = next((came[k] for k in reversed(_aliases(key)) if k in came), None)
            others = [k for k in came if k not in keys]
            if gradient is None and others and not any(k in came for k in _aliases(key)):
                there = ", ".join(map(repr, others))
                raise BadCall(
                    f"the gradient of {leaf.name}", f"missing, and there is {there}", f"an entry {key!r}, as the input has"
                )
        elif isinstance(key, int) and _length(gradient) > key:
            gradient = gradient[key]
        elif isinstance(key, str) and hasattr(gradient, key):
            gradient = getattr(gradient, key)
        else:
            raise BadCall(f"the gradient of {leaf.name}", kind(gradient), f"an entry {key!r}, as the input has")
    return gradient


def _length(gradient: Any) -> int:
    """Of a sequence or an array; 0 for anything else."""
    if isinstance(gradient, np.ndarray):
        return len(gradient) if gradient.ndim else 0
    return len(gradient) if isinstance(gradient, (tuple, list)) else 0


def _number(gradient: Any, leaf: Leaf) -> Any:
    """The gradient, if it is one. Raises BadCall for what is no array of real numbers."""
    if gradient is None or is_float(gradient):
        return gradient
    name = f"the gradient of {leaf.name}"
    wanted = f"an array of floats, shape {np.shape(leaf.value)}"
    if isinstance(gradient, (Mapping, str)):
        raise BadCall(name, kind(gradient), wanted)
    try:
        values = np.asanyarray(gradient)
    except (ValueError, TypeError, RuntimeError):
        raise BadCall(name, f"{kind(gradient)} that makes no array", wanted, "Are its rows of one length?") from None
    if values.dtype.kind == "c":
        raise BadCall(name, kind(values), wanted, "Take its real part")
    if values.dtype.kind == "O":
        raise BadCall(name, f"{kind(gradient)} of objects", wanted, "One gradient for each input, in the order of the inputs")
    if values.dtype.kind not in "fiubV":
        raise BadCall(name, kind(values), wanted)
    return values


def _list(leaves: Sequence[Leaf]) -> str:
    return ", ".join(leaf.name for leaf in leaves)
