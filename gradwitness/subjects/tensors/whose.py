"""Which framework a function belongs to: what it says of itself, where it comes from, what its code names, or its own name."""

from __future__ import annotations

import dis
import functools
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.errors import of_a_library as installed
from gradwitness.subjects.reach import codes_of, of_a_library
from gradwitness.subjects.tensors.origins import PACKAGES, origin

NUMPY = "numpy"
NAMES = {**PACKAGES, "numpy": NUMPY, "scipy": NUMPY}
"""Package -> framework."""
SPOKEN = {**NAMES, "pytorch": "torch", "tf": "tensorflow", "np": NUMPY}
"""Word in the name of a function, as people call it -> framework."""
INNER = ("__wrapped__", "python_function", "_orig_mod", "_torchdynamo_orig_callable")
"""Attributes under which wrappers keep the function that they wrap."""


def belonging(name: str, given: Any, default: str) -> tuple[str, Any]:
    """(framework, function) of a function, or of a pair ("jax", function) that says it. A forward and a backward are of NumPy,
    and come back as they are.

    name      what the user calls it. It says the framework of a function whose code says none, such as `lambda x: x * x`, or more
              than one, such as one that copies weights of Keras into PyTorch; a name that begins with a framework is believed
              before the code
    default   the framework of the inputs, where the name says none either

    Raises BadCall where it is no function, or its code names two frameworks and its name does not say which.
    """
    argument = name if name == "reference" else f"functions[{name!r}]"
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        word, function = given
        if word not in SPOKEN:
            raise BadCall(argument, f"marked as of {word!r}", f"one of {', '.join(sorted({*SPOKEN.values()}))}")
        return SPOKEN[word], _callable(argument, function)
    if isinstance(given, tuple) and len(given) == 2 and all(map(callable, given)) and not origin(given[0]):
        return NUMPY, given  # a forward and a backward
    function = _callable(argument, given)
    if found := {name for name in _of_object(function) if name}:
        return next(iter(found - {NUMPY} or found)), function
    spoken = [SPOKEN.get(word, "") for word in re.findall("[a-z]+", name.lower())]
    said = set(spoken) - {""}
    if len(said) == 1 and spoken[0] not in ("", NUMPY):
        return spoken[0], function
    found = set(_named(function, set()))
    frameworks = (said & found if len(said & found) == 1 else found) - {NUMPY}
    if len(frameworks) > 1:
        both = " and ".join(sorted(frameworks))
        raise BadCall(
            argument, f"a function that names {both}", "one of which it is clear", f'Say which: ("{min(frameworks)}", function)'
        )
    return next(iter(frameworks or found or (said if len(said) == 1 else ())), default), function


def _callable(argument: str, function: Any) -> Callable[..., Any]:
    if isinstance(function, tuple) and function and origin(function[0]) == "jax":  # (module, variables)
        raise BadCall(argument, "a tuple", "a function or a module", "Bind the variables to the module: module.bind(variables)")
    if not callable(function):
        wanted = "a function, a module, a pair (forward, backward) of NumPy, or a pair such as ('jax', function)"
        raise BadCall(argument, kind(function), wanted)
    return function  # type: ignore[no-any-return]  # callable() is known of Any


def _of_object(function: Any) -> Iterator[str]:
    """Of the type of a module, a layer or a compiled function; of the package that defines a function."""
    if isinstance(function, functools.partial):
        yield from _of_object(function.func)
        return
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type):
        yield next((NAMES[top] for top in map(_top, owner.__mro__) if top in NAMES), "")
    elif owner is not None and not isinstance(owner, types.ModuleType):
        yield from _of_object(owner)
    if not isinstance(function, (types.FunctionType, types.MethodType)):
        yield origin(function)
    yield _of_package(_top(function))


def _of_package(top: str) -> str:
    """The framework of a package: its own, or the one that an installed package, such as optax, is built on; else empty."""
    if top in NAMES or not installed(getattr(sys.modules.get(top), "__file__", None) or ""):
        return NAMES.get(top, "")
    parts = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == top and module is not None]
    named = [value for part in parts for value in vars(part).values() if isinstance(value, types.ModuleType)]
    found = {NAMES[name] for name in (each.__name__.partition(".")[0] for each in named) if name in NAMES} - {NUMPY}
    return next(iter(found)) if len(found) == 1 else ""


def _top(thing: Any) -> str:
    return (getattr(thing, "__module__", None) or "").partition(".")[0]


def _named(function: Any, seen: set[int]) -> Iterator[str]:
    """Of the modules, functions and objects that the code names, through the user's own helpers."""
    for name in INNER:
        inner = vars(function).get(name) if hasattr(function, "__dict__") else None
        if callable(inner):
            yield from _named(inner, seen)
    if isinstance(function, functools.partial):
        yield from _named(function.func, seen)
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        call = vars(type(function)).get("__call__")
        function = call if isinstance(call, types.FunctionType) else None
    if function is None or id(function) in seen or of_a_library(function):
        return
    seen.add(id(function))
    for value in _values(function):
        if isinstance(value, str):
            yield from filter(None, [_of_package(value.partition(".")[0])])
        elif isinstance(value, types.ModuleType):
            yield from filter(None, [_of_package(value.__name__.partition(".")[0])])
        else:
            yield from (name for name in _of_object(value) if name)
            yield from _named(value, seen)


def _values(function: types.FunctionType) -> Iterator[Any]:
    """What its code names: globals, the cells of its closure, defaults, and, as strings, what it imports."""
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    yield from (value for value in defaults if not isinstance(value, str))
    for step in (step for code in codes_of(function.__code__) for step in dis.get_instructions(code)):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in function.__globals__:
            yield function.__globals__[step.argval]
        elif step.opname == "IMPORT_NAME":
            yield step.argval
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a cell that nothing was put into yet
            continue
