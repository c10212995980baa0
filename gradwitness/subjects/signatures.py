"""What the signatures of a forward and a backward say: names of inputs, who takes which keyword."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence, ValuesView
from typing import Any

from gradwitness.subjects import validation
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall, file_of


def as_positional(forward: Callable[..., Any], inputs: Any, static: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Keywords under which inputs are handed over, if a dict of them came; and the inputs in a tuple, in forward's order."""
    if isinstance(inputs, Mapping):
        parameters = [*_parameters(forward), *(name for name in inputs if isinstance(name, str) and _takes_any(forward))]
        if inputs and set(inputs) <= set(parameters):
            ordered = [name for name in dict.fromkeys(parameters) if name in inputs]
            validation.fits(forward, "inputs", (), {**inputs, **{k: v for k, v in static.items() if k in parameters}})
            return tuple(ordered), tuple(inputs[name] for name in ordered)
        return (), (inputs,)
    if isinstance(inputs, (tuple, list)):
        own = {name: value for name, value in static.items() if name in _parameters(forward)}
        one = isinstance(inputs, list) or hasattr(inputs, "_fields")
        if (
            one
            and len(inputs) > 1
            and not validation.accepts(forward, inputs, own)
            and validation.accepts(forward, (inputs,), own)
        ):
            return (), (inputs,)  # forward takes one list of arrays, or one namedtuple
        return (), tuple(inputs)
    if isinstance(inputs, (str, bytes, set, frozenset)) or inputs is None:
        raise BadCall("inputs", kind(inputs), "a tuple of what forward takes", "For instance (x, weight)")
    if hasattr(inputs, "__next__"):
        raise BadCall(
            "inputs",
            f"a {type(inputs).__name__}, which can be read once",
            "a tuple of what forward takes",
            "Make one: tuple(inputs)",
        )
    return (), tuple(inputs) if isinstance(inputs, ValuesView) else (inputs,)


def names_of(forward: Callable[..., Any], inputs: Sequence[Any], keywords: Sequence[str], names: Any) -> list[str]:
    if names is not None:
        given = [] if isinstance(names, str) or not isinstance(names, Collection) else list(names)
        if (
            len(given) != len(inputs)
            or len(set(map(str, given))) != len(given)
            or not all(isinstance(name, str) for name in given)
        ):
            raise BadCall(
                "names", repr(names), f"{len(inputs)} different names, one for each input", 'For instance names=("x", "w")'
            )
        return given
    if keywords:
        return list(keywords)
    parameters = _parameters(forward, by_name=False)[: len(inputs)]
    return [*parameters, *(f"input{i}" for i in range(len(parameters), len(inputs)))]


def shared_out(
    forward: Callable[..., Any], backward: Callable[..., Any], static: Mapping[str, Any], names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of static forward takes, and what backward takes. Raises BadCall for what nobody takes."""
    first = {name: value for name, value in static.items() if _takes(forward, name)}
    second = {name: value for name, value in static.items() if _takes(backward, name)}
    for name in static:
        if name not in first and name not in second:
            raise BadCall(
                "static",
                f"with {name!r}",
                f"keyword arguments of forward or backward: {', '.join(_parameters(forward)) or 'none'}",
            )
        if name in names:
            raise BadCall(
                "static", f"with {name!r}, which inputs has already", "what inputs does not have", f"Take {name!r} out of one"
            )
    return first, second


def _takes_any(function: Callable[..., Any]) -> bool:
    """Whether a function takes any keyword."""
    try:
        return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False


def _takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function takes a keyword; compiled functions without a signature are believed to."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    if _takes_any(function):
        return True
    return name in parameters and parameters[name].kind in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )


def _parameters(function: Callable[..., Any], *, by_name: bool = True) -> list[str]:
    """The names of a function's parameters: those that can be given by name, or those that can be given by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY if by_name else inspect.Parameter.POSITIONAL_ONLY,
    )
    return [p.name for p in parameters if p.kind in kinds]


def called(function: Callable[..., Any]) -> str:
    """A function's name, and where it is written."""
    inner = inspect.unwrap(getattr(function, "func", function))
    name = getattr(inner, "__qualname__", type(inner).__qualname__).replace("<locals>.", "")
    if name.endswith("<lambda>"):
        name = "a lambda"
    elif name.startswith("_") and "." in name:  # torch.abs is of a class that nobody calls by name
        name = f"{inner.__module__}.{name.rpartition('.')[2]}" if getattr(inner, "__module__", None) else name
    code = getattr(getattr(inner, "__func__", inner), "__code__", None)
    return f"{name} (line {code.co_firstlineno} of {file_of(code.co_filename)})" if code else name
