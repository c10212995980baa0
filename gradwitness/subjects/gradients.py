"""What a user's backward returned, brought into the order of the differentiated arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.subjects.arguments import Leaf, kind
from gradwitness.subjects.errors import BadCall


def arranged(returned: Any, inputs: Sequence[Any], names: Sequence[str], leaves: Sequence[Leaf]) -> list[Any]:
    """One gradient for each leaf, None for one that was not returned.

    returned   a tuple or list with one gradient for each input, or for each input that is differentiated; a dict by the inputs'
               names, with or without a d before them; or, for one input, its gradient itself

    Raises BadCall where it is none of these.
    """
    owners = list(dict.fromkeys(leaf.path[0] for leaf in leaves))
    by_input = _by_input(returned, inputs, names, owners)
    return [_at(by_input.get(leaf.path[0]), leaf.path[1:], leaf) for leaf in leaves]


def _by_input(returned: Any, inputs: Sequence[Any], names: Sequence[str], owners: Sequence[int]) -> dict[int, Any]:
    """Position of an input -> what was returned for it."""
    if isinstance(returned, Mapping) and (named := _by_name(returned, names)) is not None:
        return named
    if _is_branching(returned):
        items = list(returned)
        if len(items) == len(inputs):
            return dict(enumerate(items))
        if len(items) == len(owners):
            return dict(zip(owners, items, strict=True))
    if len(owners) == 1 and (not _is_branching(returned) or isinstance(inputs[owners[0]], (tuple, list))):
        return {owners[0]: returned}
    wanted = ", ".join(names[i] for i in owners)
    came = f"{len(list(returned))} gradients" if _is_branching(returned) else kind(returned)
    raise BadCall("what backward returns", came, f"{len(owners)} gradients, one for each of {wanted}")


def _by_name(returned: Mapping[Any, Any], names: Sequence[str]) -> dict[int, Any] | None:
    known = {alias: i for i, name in enumerate(names) for alias in (name, f"d{name}", f"grad_{name}")}
    if not returned or not set(returned) <= set(known):
        return None
    return {known[name]: value for name, value in returned.items()}


def _is_branching(value: Any) -> bool:
    return isinstance(value, (tuple, list)) or (hasattr(value, "__next__") and not isinstance(value, np.ndarray))


def _at(gradient: Any, path: Sequence[Any], leaf: Leaf) -> Any:
    """The part of an input's gradient that belongs to a leaf."""
    for key in path:
        if gradient is None:
            return None
        if isinstance(gradient, Mapping):
            gradient = next((gradient[k] for k in (key, f"d{key}") if k in gradient), None)
        elif isinstance(gradient, (tuple, list)) and isinstance(key, int) and key < len(gradient):
            gradient = gradient[key]
        else:
            raise BadCall(f"the gradient of {leaf.name}", kind(gradient), f"an entry {key!r}, as the input has")
    return gradient
