"""The names of what a framework's function takes."""

from __future__ import annotations

import inspect
from typing import Any

from gradwitness.subjects.signatures import called


def name_of(function: Any) -> str:
    """What a function is called, and where it is written."""
    rule = _custom(function)
    return f"{rule.__qualname__.replace('<locals>.', '')}.apply" if rule is not None else called(function)


def names_of(function: Any, count: int) -> list[str]:
    """Names for so many positional inputs: those of the signature, as far as it has them."""
    names = _positional(_written(function))
    if (rule := _custom(function)) is not None:
        names = _of_custom_function(rule)
    elif callable(getattr(function, "apply", None)) and callable(getattr(function, "init", None)):
        names = ["variables", *(name for name in names if name != "variables")]  # a module of flax.linen
    names = [*names, *(f"input{i}" for i in range(len(names), count))][:count]
    return names if len(set(names)) == count else [f"input{i}" for i in range(count)]


def _written(function: Any) -> Any:
    """What has the signature: the forward of a module, the call of a layer, the function behind a tf.function."""
    for name in ("forward", "call", "python_function"):
        inner = getattr(function, name, None)
        if callable(inner) and not inspect.isfunction(function):
            return inner
    return function


def _custom(function: Any) -> type | None:
    """The torch.autograd.Function whose apply this is."""
    rule = getattr(function, "__self__", None)
    return rule if isinstance(rule, type) and getattr(function, "__name__", "") == "apply" else None


def _of_custom_function(rule: type) -> list[str]:
    """Of a torch.autograd.Function: what its forward takes, without ctx."""
    names = _positional(getattr(rule, "forward", None))
    return names if "setup_context" in vars(rule) else names[1:]


def _positional(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
