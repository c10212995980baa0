"""Functions of PyTorch with other results of some operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.precision import Precision

NAMES = {
    "add": "add",
    "div": "divide",
    "maximum": "maximum",
    "clamp_min": "maximum",
    "clamp": "maximum",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "pow": "power",
    "linalg_vector_norm": "norm",
    "norm": "norm",
    "std": "deviation",
    "view": "reshape",
    "_unsafe_view": "reshape",
    "_reshape_alias": "reshape",
}
"""Operations without namespace, overload and the underscore of an in-place form."""
PASSED = ("expand", "clone", "detach", "alias", "unsqueeze", "squeeze")
"""Operations that keep the values."""
EUCLIDEAN, OPERANDS = 2, 2
POWERS = {0.5: "sqrt", -0.5: "rsqrt"}


class Rewriting(TorchDispatchMode):  # type: ignore[misc]  # PyTorch does not type it
    """The mode in which operations have other results."""

    def __init__(self, rewrite: Rewrite) -> None:
        super().__init__()
        self._rewrite = rewrite

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        own = func._schema.name.rpartition("::")[2]
        name, in_place = _named(own, args) if not kwargs or own == "std" else "", own.endswith("_")
        if not name:
            result = func(*args, **(kwargs or {}))
            if own in PASSED:
                self._rewrite.same(args[0], result)
            return result
        if not in_place:
            result = func(*args, **(kwargs or {}))
            other = self._rewrite(name, args, result)
            return result if other is result else other.contiguous()
        result = args[0].clone()
        func(result, *args[1:])
        args[0].copy_(other := self._rewrite(name, args, result))
        self._rewrite.same(other, args[0])
        return args[0]


def _named(own: str, args: Sequence[Any]) -> str:
    """What an operation is called by a rewrite; empty for others, such as a root of another power."""
    name = NAMES.get(own.rstrip("_") if own not in NAMES else own, "")
    if name == "norm":
        return name if args[1:2] in ([], (), [EUCLIDEAN], (EUCLIDEAN,)) else ""
    if name == "deviation":
        return "norm"
    if name == "power":
        return POWERS.get(args[1], "") if isinstance(args[1], float) else ""
    bounded_below = own.rstrip("_") != "clamp" or len(args) == OPERANDS
    return name if len(args) <= OPERANDS and bounded_below else ""


def rewritten(calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
    """See `backend.Functions`."""

    def call(
        parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
    ) -> tuple[Any, Inside]:
        with Rewriting(rewrite()):
            return calling(parameters, args, kwargs, precision)

    return call
