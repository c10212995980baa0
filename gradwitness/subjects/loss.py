"""A function that returns a loss and the gradients of its parameters, in the style of courses: loss, grads = f(params, *data)."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects import validation
from gradwitness.subjects.arguments import Leaf, data_of, is_float, kind, leaves_of, replaced
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.gradients import arranged
from gradwitness.subjects.patience import Patience
from gradwitness.subjects.signatures import called


class Loss:
    """function(params, *data, **static) -> (loss, gradients), gradients like params.

    With in_place the function takes no parameters: it reads the arrays of params where they are, and they are moved there. What
    they were is kept, and is there again when `forward` has returned, also after an exception.
    """

    eps = float(np.finfo(np.float64).eps)
    of_triangles, of_a_loss, undone = False, True, False

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
        validation.callable_given("function", function)
        validation.options(static, wrt)
        if inspect.isroutine(params):
            cure = "For a forward and a backward there is check(forward, backward, inputs)"
            raise BadCall("params", kind(params), "an array, or a tuple, list or dict of arrays", cure)
        if not isinstance(in_place, bool):
            raise BadCall(
                "in_place", kind(in_place), "True or False", "True: the function reads the arrays of params in an object"
            )
        self._function, self._params, self._data, self._static = function, params, tuple(data), dict(static or {})
        self._in_place = self.keeps_dtype = in_place
        self._patience = Patience()
        data_names = [f"data[{i}]" for i in range(len(self._data))]
        statics = [f"static[{key!r}]" for key in self._static]
        validation.value_given("params", params)
        for name, value in zip([*data_names, *statics], [*self._data, *self._static.values()], strict=True):
            validation.value_given(name, value, is_data=True)
        given = self._data if in_place else (params, *self._data)
        validation.fits(function, "data" if in_place else "params and data", given, self._static)
        leaves = [replace(leaf, name=_short(leaf, function, in_place)) for leaf in leaves_of((params,), ("params",))]
        self.leaves, self.asked = _chosen(leaves, wrt), wrt is not None
        validation.leaves_given(self.leaves)
        if in_place:
            _movable(self.leaves)
        self.data = list(data_of(self._data, data_names, ()))
        self.description = called(function)
        self.handed: Mapping[str, Any] = {**dict(zip(data_names, self._data, strict=True)), **self._static}
        self.code: tuple[Callable[..., Any], ...] = (function,)
        cure = " The arrays of the object itself are wanted, not copies" if in_place else " Does it read a global?"
        self.unread = f"The loss is the same for other parameters: the function does not read those that it is given.{cure}"

    def forward(self, arrays: Sequence[Any]) -> LossCall:
        """One call of the function."""
        returned = self._moved(arrays) if self._in_place else self._called((self._given(arrays), *self._data))
        loss, gradients = _parted(returned)
        found = arranged(gradients, (self._params,), ("params",), self.leaves, "the function")
        return LossCall([loss], ["loss"], [None if g is None else np.array(g) for g in found])

    def beside(self, change: Callable[[Any], Any]) -> Loss:
        """The same function, with other data in place of its own."""
        other = copy.copy(self)
        vars(other).pop("forward", None)  # whoever counts calls has put another one there
        other._data = tuple(change(value) for value in self._data)
        return other

    def reached(self, arrays: Sequence[Array]) -> list[Array]:
        """What the parameters become: in place, arrays of their own dtype hold it."""
        if not self._in_place:
            return list(arrays)
        return [array.astype(leaf.value.dtype).astype(array.dtype) for leaf, array in zip(self.leaves, arrays, strict=True)]

    def _given(self, arrays: Sequence[Any]) -> Any:
        return replaced((self._params,), self.leaves, arrays)[0]

    def _moved(self, arrays: Sequence[Any]) -> Any:
        """The call with other values in the arrays of params."""
        before = [leaf.value.copy() for leaf in self.leaves]
        try:
            for leaf, array in zip(self.leaves, arrays, strict=True):
                leaf.value[...] = array
            return _detached(self._called(self._data), [leaf.value for leaf in self.leaves])
        finally:
            for leaf, value in zip(self.leaves, before, strict=True):
                np.copyto(leaf.value, value)

    def _called(self, values: Sequence[Any]) -> Any:
        try:
            with self._patience:
                return self._function(*values, **self._static)
        except Exception as error:
            raise UserError("function", error) from error


@dataclass
class LossCall:
    """A call, and the gradients that came with it."""

    outs: list[Any]
    out_names: list[str]
    gradients: list[Array | None]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """The gradients, times the cotangent of the loss."""
        return [None if gradient is None else gradient * np.reshape(douts[0], ()) for gradient in self.gradients]


def _detached(returned: Any, moved: Sequence[Array]) -> Any:
    """What was returned, apart from the arrays that are put back: `return loss, {"W": self.W * 2}` is apart, `self.W` is not."""
    if isinstance(returned, np.ndarray):
        return returned.copy() if any(np.may_share_memory(returned, array) for array in moved) else returned
    if isinstance(returned, dict):
        return {key: _detached(value, moved) for key, value in returned.items()}
    if type(returned) in (tuple, list):
        return type(returned)(_detached(value, moved) for value in returned)
    return returned


def _movable(leaves: Sequence[Leaf]) -> None:
    """Raises BadCall for what cannot be moved where it is."""
    for leaf in leaves:
        name = f"{leaf.name} in params"
        if not isinstance(leaf.value, np.ndarray):
            raise BadCall(name, "a number", "an array that the function reads", "Let the object hold np.array(value)")
        if not leaf.value.flags.writeable:
            raise BadCall(
                name, "an array that is read-only", "one that can be moved in place", "Set array.flags.writeable = True"
            )


def _parted(returned: Any) -> tuple[Any, Any]:
    """The loss, and the gradients: (loss, gradients) or (loss, first, second, ...)."""
    wanted = "(loss, gradients), loss one float"
    if not isinstance(returned, (tuple, list)) or len(returned) < 2:
        cure = "Does it end with return?" if returned is None else "Return the gradients beside the loss"
        raise BadCall("what the function returns", kind(returned), wanted, cure)
    loss, *gradients = returned
    if len(gradients) > 1 and isinstance(gradients[0], Mapping):
        cure = "Leave out what is behind the gradients, or return it in another function"
        raise BadCall("what the function returns", f"{len(returned)} values", wanted, cure)
    if not is_float(loss) or np.size(loss) != 1:
        first = is_float(gradients[0]) and np.size(gradients[0]) == 1
        cure = "The loss comes first: return loss, gradients" if first else "Sum or average it, in the gradients as well"
        raise BadCall("the loss", kind(loss), "one float", cure)
    return loss, gradients[0] if len(gradients) == 1 else tuple(gradients)


def _short(leaf: Leaf, function: Callable[..., Any], in_place: bool) -> str:
    """W1 for params["W1"], the parameter's own name for a single array."""
    keys = leaf.path[1:]
    if not keys:
        try:
            return "params" if in_place else next(iter(inspect.signature(function).parameters), "params")
        except (TypeError, ValueError):
            return "params"
    first, *others = keys
    return (str(first) if isinstance(first, str) else f"params[{first}]") + "".join(f"[{key}]" for key in others)


def _chosen(leaves: list[Leaf], wrt: Collection[str | int] | str | int | None) -> list[Leaf]:
    if wrt is None:
        return leaves
    asked = [wrt] if isinstance(wrt, (str, int)) else list(wrt)
    names = [leaf.name for leaf in leaves]
    chosen = []
    for each in asked:
        found = [
            leaf
            for leaf in leaves
            if leaf.name == each or leaf.path[1:2] == (each,) or (isinstance(each, str) and leaf.name.startswith(f"{each}["))
        ]
        if not found:
            raise BadCall("wrt", repr(each), f"names of parameters, of {', '.join(names)}")
        chosen += found
    return [leaf for leaf in leaves if leaf in chosen]
