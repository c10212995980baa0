"""A function that returns a loss and the gradients of its parameters, in the style of courses: loss, grads = f(params, *data)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import Leaf, copied, is_float, kind, leaves_of, replaced
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import called
from gradwitness.subjects.gradients import arranged


class Loss:
    """function(params, *data, **static) -> (loss, gradients), gradients like params.

    With in_place the function takes no parameters: it reads the arrays of params where they are, and they are moved there.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        params: Any,
        data: Sequence[Any],
        static: Mapping[str, Any] | None = None,
        *,
        in_place: bool = False,
        wrt: Collection[str | int] | None = None,
    ) -> None:
        if not callable(function):
            raise BadCall("function", kind(function), "a function", "Give the function itself, not what it returns")
        if static is not None and not isinstance(static, Mapping):
            raise BadCall("static", kind(static), "a dict of keyword arguments of the function")
        self._function, self._params, self._data, self._static = function, params, tuple(data), dict(static or {})
        self._in_place = in_place
        self.leaves = [replace(leaf, name=_short(leaf, function)) for leaf in leaves_of((params,), ("params",))]
        if wrt is not None:
            self.leaves = _chosen(self.leaves, [wrt] if isinstance(wrt, str) else list(wrt))
        if in_place and (fixed := [leaf.name for leaf in self.leaves if not isinstance(leaf.value, np.ndarray)]):
            raise BadCall(
                f"{fixed[0]} in params", "a number", "an array that the function reads", "A number cannot be moved in place"
            )
        self.description = called(function)

    def forward(self, arrays: Sequence[Any]) -> LossCall:
        """One call of the function."""
        try:
            if self._in_place:
                for leaf, array in zip(self.leaves, arrays, strict=True):
                    leaf.value[...] = array
                returned = self._function(*map(copied, self._data), **copied(self._static))
            else:
                (params,) = replaced((self._params,), self.leaves, arrays)
                returned = self._function(params, *map(copied, self._data), **copied(self._static))
        except BadCall:
            raise
        except Exception as error:
            raise UserError("function", error) from error
        loss, gradients = _parted(returned)
        found = arranged(gradients, (self._params,), ("params",), self.leaves)
        return LossCall([loss], ["loss"], [None if g is None else np.array(g) for g in found])


@dataclass
class LossCall:
    """A call, and the gradients that came with it."""

    outs: list[Any]
    out_names: list[str]
    gradients: list[Array | None]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """The gradients, times the cotangent of the loss."""
        return [None if gradient is None else gradient * douts[0] for gradient in self.gradients]


def _parted(returned: Any) -> tuple[Any, Any]:
    """The loss, and the gradients: (loss, gradients) or (loss, first, second, ...)."""
    wanted = "(loss, gradients), loss one float"
    if not isinstance(returned, (tuple, list)) or len(returned) < 2:
        raise BadCall("what the function returns", kind(returned), wanted, "Return the gradients beside the loss")
    loss, *gradients = returned
    if not is_float(loss) or np.size(loss) != 1:
        raise BadCall("the loss", kind(loss), "one float", "Sum or average it, in the gradients as well")
    return loss, gradients[0] if len(gradients) == 1 else tuple(gradients)


def _short(leaf: Leaf, function: Callable[..., Any]) -> str:
    """W1 for params["W1"], the parameter's own name for a single array."""
    keys = leaf.path[1:]
    if not keys:
        try:
            return next(iter(inspect.signature(function).parameters), "params")
        except (TypeError, ValueError):
            return "params"
    first, *others = keys
    return (str(first) if isinstance(first, str) else f"params[{first}]") + "".join(f"[{key}]" for key in others)


def _chosen(leaves: list[Leaf], wrt: list[str | int]) -> list[Leaf]:
    names = [leaf.name for leaf in leaves]
    for asked in wrt:
        if asked not in names:
            raise BadCall("wrt", repr(asked), f"names of parameters, of {', '.join(names)}")
    return [leaf for leaf in leaves if leaf.name in wrt]
