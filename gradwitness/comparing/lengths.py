"""Settings whose other value depends on a length of the inputs: groups of channels, classes that share a smoothed label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradwitness.arrays import Array
from gradwitness.comparing.code import Called
from gradwitness.comparing.trial import Trial

SMOOTHING, GROUPED = "label_smoothing", "group_norm"


def by_lengths(calls: Sequence[Called], inputs: Sequence[Array]) -> Iterator[Trial]:
    """All of them.

    inputs   whose lengths they may be
    """
    channels = list(dict.fromkeys(array.shape[1] for array in inputs if array.ndim > 1))
    classes = list(dict.fromkeys(length for array in inputs if array.ndim for length in (array.shape[-1], *array.shape[1:2])))
    for call in calls:
        if call.where[1] == GROUPED:
            for groups in dict.fromkeys(part for length in channels for part in range(1, length + 1) if length % part == 0):
                yield Trial(f"with {groups} groups in {call.name}", (call.replaced(_second(groups)),))
        elif SMOOTHING in call.settings():
            for count in (count for count in classes if count > 1):
                shared = f"shared by all {count} classes or by the {count - 1} others"
                for over, under in ((count, count - 1), (count - 1, count)):
                    words = f"with {SMOOTHING} times {over}/{under} in {call.name}, {shared},"
                    yield Trial(words, (call.replaced(_times(over / under)),))


def _second(value: Any) -> Callable[..., Any]:
    """A call with another second argument."""

    def other(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = {**kwargs, "num_groups": value} if "num_groups" in kwargs else kwargs
        return function(*args[:1], *((value,) if len(args) > 1 else ()), *args[2:], **given)

    return other


def _times(factor: float) -> Callable[..., Any]:
    """A call with another share of smoothing, if it is given one."""

    def other(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return function(*args, **{name: value * factor if name == SMOOTHING else value for name, value in kwargs.items()})

    return other
