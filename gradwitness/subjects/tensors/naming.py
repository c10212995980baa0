"""The names of what a framework's function takes."""

from __future__ import annotations

import inspect
from typing import Any

from gradwitness.subjects.signatures import called


def name_of(function: Any) -> str:
    """What a function is called, and where it is written."""
    rule, schema = _custom(function), _schema(function)
    if schema is not None:
        return str(schema.name)
    return f"{rule.__qualname__.replace('<locals>.', '')}.apply" if rule is not None else called(function)


def names_of(function: Any, count: int) -> list[str]:
    """Names for so many positional inputs: those of the signature, as far as it has them."""
    names = _positional(_written(function))
    if (rule := _custom(function)) is not None:
        names = _of_custom_function(rule)
    elif (schema := _schema(function)) is not None:
        names = [argument.name for argument in schema.arguments]
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


def _schema(function: Any) -> Any:
    """What torch.library knows of an operator: made by custom_op, or found in torch.ops; None for anything else."""
    operator = getattr(function, "_opoverload", getattr(function, "default", function))
    return getattr(operator, "_schema", None) if type(operator).__module__ == "torch._ops" else None


def _of_custom_function(rule: type) -> list[str]:
    """Of a torch.autograd.Function: what its forward takes, without ctx."""
    names = _positional(getattr(rule, "forward", None))
    own = [each for each in rule.__mro__ if not each.__module__.startswith("torch.")]  # a base may have it
    return names if any("setup_context" in vars(each) for each in own) else names[1:]


def _positional(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
