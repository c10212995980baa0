"""What is tried in a user's own code besides numbers and settings: a mask the other way round, a function that is applied once
too often, an array that need not be given, scores that are scaled.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from gradwitness.arrays import Array
from gradwitness.comparing.code import Called, held
from gradwitness.comparing.masks import MADE, choices, triangles
from gradwitness.comparing.trial import Trial
from gradwitness.subjects.reach import codes_of
from gradwitness.subjects.tensors.origins import origin

LEFT_OUT = ("softmax", "log_softmax", "sigmoid", "tanh", "relu", "gelu", "silu", "exp", "log", "flip", "sqrt")
"""Functions that may be applied once too often."""
OPTIONAL = ("weight", "pos_weight", "bias", "mask", "attn_mask")
"""Arrays that a function need not be given."""


def applied(own: list[types.FunctionType], calls: list[Called], framework: str, inputs: Sequence[Array]) -> Iterator[Trial]:
    """All of them.

    inputs   whose lengths may scale what a softmax gets
    """
    of_tensors = methods(own) if framework == "torch" else []
    yield from _masks(own)
    masking = [*calls, *(methods(own, MADE) if framework == "torch" else [])]
    yield from triangles(masking)
    yield from choices(masking)
    yield from _less(calls, of_tensors)
    yield from _scaled([*calls, *of_tensors], inputs)


def _masks(own: list[types.FunctionType]) -> Iterator[Trial]:
    """Masks that are kept from outside, upside down: True where it counts, or where it does not; tensors of PyTorch in place."""
    for name, (where, value) in {name: each for function in own for name, *each in held(function)}.items():
        if not isinstance(value, types.ModuleType) and str(getattr(value, "dtype", "")).endswith("bool"):
            change = (value, "data", ~value) if origin(value) == "torch" else (*where, ~value)
            yield Trial(f"with {name} the other way round, True for False,", (change,))


def methods(own: list[types.FunctionType], wanted: Collection[str] = LEFT_OUT) -> list[Called]:
    """Methods of PyTorch's tensors that the code names, of those that are wanted."""
    import torch

    names = {name for function in own for code in codes_of(function.__code__) for name in code.co_names} & {*wanted}
    methods = [(name, getattr(torch.Tensor, name, None)) for name in sorted(names)]
    return [Called((torch.Tensor, name), f"x.{name}()", method) for name, method in methods if method is not None]


def _less(calls: list[Called], methods: list[Called]) -> Iterator[Trial]:
    """Without a function that is applied once too often, and without an array that is handed over."""
    for call in [*calls, *methods]:
        if call.where[1] in LEFT_OUT:
            yield Trial(f"without {call.name}", (call.replaced(lambda _, args, kwargs: [*args, *kwargs.values()][0]),))
    for call in calls:
        for setting in OPTIONAL:
            if (known := call.default(setting)) is not None and known[1] is None:
                yield Trial(f"without {setting} in {call.name}", (call.given(**{setting: None}),))


def _scaled(calls: list[Called], inputs: Sequence[Array]) -> Iterator[Trial]:
    """What a softmax gets, over the root of a length, as the scores of attention are; and times it."""
    lengths = list(dict.fromkeys(array.shape[-1] for array in inputs if array.ndim))
    parts = [part for length in lengths for part in range(2, length) if length % part == 0]  # heads, and what each has
    for length in dict.fromkeys([*lengths, *parts]):
        for factor, spelled in ((length**-0.5, f"1/sqrt({length})"), (length**0.5, f"sqrt({length})")):
            for call in (call for call in calls if call.where[1] == "softmax"):

                def scaled(
                    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], factor: float = factor
                ) -> Any:
                    return function(factor * args[0], *args[1:], **kwargs)

                yield Trial(f"with what {call.name} gets multiplied by {spelled}", (call.replaced(scaled),))
