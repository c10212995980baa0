"""Masks that a function makes: the other triangle, one diagonal further, the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradwitness.comparing.code import Called
from gradwitness.comparing.trial import Trial

TRIANGLES = {"tril": "triu", "triu": "tril"}
DIAGONAL = ("k", "diagonal")
"""What frameworks call the diagonal of a triangle."""
BRANCHES = 3
"""Arguments of a choice: where, and what is taken there and elsewhere."""
MADE = ("tril", "triu", "where", "masked_fill")
"""Functions that make or use masks."""


def triangles(calls: Sequence[Called]) -> Iterator[Trial]:
    """The other triangle, and one diagonal more or less."""
    for call in calls:
        if call.where[1] not in TRIANGLES:
            continue
        other = getattr(call.where[0], TRIANGLES[call.where[1]], None)
        if other is not None:
            yield Trial(f"with {TRIANGLES[call.where[1]]} in place of {call.name}", ((*call.where, other),))
        for by in (1, -1):
            yield Trial(f"with the diagonal of {call.name} shifted by {by}", (call.replaced(_shifted(by)),))


def choices(calls: Sequence[Called]) -> Iterator[Trial]:
    """What is taken where a mask holds, and elsewhere, exchanged."""
    for call in calls:
        if call.where[1] == "where":
            yield Trial(f"with the mask of {call.name} the other way round", (call.replaced(_exchanged),))
        elif call.where[1] == "masked_fill":
            yield Trial(f"with the mask of {call.name} the other way round", (call.replaced(_upside_down),))


def _shifted(by: int) -> Callable[..., Any]:
    def shifted(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        named = next((kwargs[name] for name in DIAGONAL if name in kwargs), 0)
        rest = {name: value for name, value in kwargs.items() if name not in DIAGONAL}
        return function(args[0], (args[1] if len(args) > 1 else named) + by, *args[2:], **rest)

    return shifted


def _exchanged(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(args[0], args[2], args[1], **kwargs) if len(args) == BRANCHES else function(*args, **kwargs)


def _upside_down(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tensor, mask, *rest = args
    return function(tensor, ~mask, *rest, **kwargs)
