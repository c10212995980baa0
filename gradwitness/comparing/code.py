"""What a user's functions say and hold, and how each of it is changed: numbers in their code, values that they keep from outside,
settings of the library's functions that they call.

A change is (thing, attribute, value), or (dict, key, value); whoever makes it puts it back.
"""

from __future__ import annotations

import dis
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradwitness.subjects.reach import codes_of, names_in, of_a_library, reached

Change = tuple[Any, Any, Any]
Otherwise = Callable[[Any], Change]
Where = tuple[Any, Any]
"""An object and an attribute of it, or a dict and a key."""


@dataclass(frozen=True)
class Called:
    """A function of a library that a user's code names.

    where      the module that it is an attribute of, or the globals or the closure that the user has it in
    name       as the code writes it: "F.gelu"
    """

    where: Where
    name: str
    function: Callable[..., Any]

    @property
    def said(self) -> str:
        """Its name; that of a class where the code has it in a variable of another name."""
        own = self.function.__name__ if isinstance(self.function, type) else ""
        return own if own and own != self.name.rpartition(".")[2] else self.name

    def default(self, setting: str) -> tuple[int | None, Any] | None:
        """The position of a parameter, None where it is given by keyword alone, and its default; None if it has no such one.
        Functions that are written in C say them in the first line of their docstring.
        """
        try:
            parameters = list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):
            known = self._documented(setting)
            return known and (self._position(setting), known[1])
        for position, parameter in enumerate(parameters):
            if parameter.name == setting and parameter.default is not parameter.empty:
                return None if parameter.kind is parameter.KEYWORD_ONLY else position, parameter.default
        return None

    def _documented(self, setting: str) -> tuple[int | None, Any] | None:
        head = _head(self.function)
        found = re.search(rf"\b{setting}\s*=\s*('\w*'|[-\w.]+)", head)
        if not found:
            return None
        word = found.group(1)
        plain = {"True": True, "False": False, "None": None}
        if re.fullmatch(r"[-+]?\d[.\d]*(e[-+]?\d+)?", word):
            return None, float(word)
        return None, plain[word] if word in plain else word.strip("'")

    def _position(self, setting: str) -> int | None:
        """Of a parameter, as its docstring says; None if it is given by keyword alone, or not known."""
        names = re.findall(r"[(,]\s*(\*|\w+)", _head(self.function))
        by_position = names[: names.index("*")] if "*" in names else names
        return by_position.index(setting) if setting in by_position else None

    def replaced(self, change: Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]) -> Change:
        """The change by which change(function, args, kwargs) is called in its place."""
        function = self.function
        return (*self.where, lambda *args, **kwargs: change(function, args, kwargs))

    def given(self, **settings: Any) -> Change:
        """The change by which it is called with other values of some settings."""
        known = {setting: self.default(setting) or (self._position(setting), None) for setting in settings}
        places = {setting: place for setting, (place, _) in known.items() if place is not None}

        def otherwise(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            by_position = {places[each]: value for each, value in settings.items() if places.get(each, len(args)) < len(args)}
            by_name = {each: value for each, value in settings.items() if places.get(each) not in by_position}
            args = tuple(by_position.get(i, given) for i, given in enumerate(args))
            return function(*args, **{**kwargs, **by_name})

        return self.replaced(otherwise)

    def settings(self) -> dict[str, Any]:
        """The parameters that have a default, and their defaults. Those of NumPy's ufuncs say where results go."""
        if isinstance(self.function, np.ufunc):
            return {}
        try:
            parameters = inspect.signature(self.function).parameters.values()
        except (TypeError, ValueError):
            names = re.findall(r"\b(\w+)\s*=", _head(self.function))
            return {name: known[1] for name in names if (known := self._documented(name)) is not None}
        return {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty}


def _head(function: Any) -> str:
    """How a docstring begins, which has the parameters of a function that is written in C: name(input, dim=None, *, out=None)."""
    found = re.match(r"[\w.]+\((?:[^()]|\([^()]*\))*\)", (getattr(function, "__doc__", None) or "").strip())
    return found.group() if found else ""


def functions_of(function: Any) -> list[types.FunctionType]:
    """The user's own functions that a function consists of: itself, helpers, methods."""
    return [thing for thing in reached(function) if isinstance(thing, types.FunctionType) and not of_a_library(thing)]


def constants(function: types.FunctionType) -> list[float]:
    """The floats that its code writes, each once."""
    found = [value for code in codes_of(function.__code__) for value in code.co_consts if isinstance(value, float)]
    return list(dict.fromkeys(found))


def rewritten(function: types.FunctionType, numbers: Sequence[tuple[float, float]]) -> Change:
    """The change by which its code has other numbers: (old, new) of each."""
    code = function.__code__
    for old, new in numbers:
        code = _with(code, old, new)
    return (function, "__code__", code)


def _with(code: types.CodeType, old: float, new: float) -> types.CodeType:
    def other(value: Any) -> Any:
        if isinstance(value, types.CodeType):
            return _with(value, old, new)
        return new if isinstance(value, float) and value == old else value

    return code.replace(co_consts=tuple(map(other, code.co_consts)))


def held(function: types.FunctionType) -> Iterator[tuple[str, Where, Any]]:
    """(name, where, value) of what it keeps from outside: the cells of its closure, globals that it names."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, (cell, "cell_contents"), cell.cell_contents
        except ValueError:  # a cell that nothing was put into yet
            continue
    for name in sorted(names_in(function.__code__) & function.__globals__.keys()):
        yield name, (function.__globals__, name), function.__globals__[name]


def kept(function: types.FunctionType) -> Iterator[tuple[str, Any, Otherwise]]:
    """(name, value, change) of the same; change(value) puts another value there."""
    for name, where, value in held(function):
        yield name, value, partial(_changed, where)


def defaults(function: types.FunctionType) -> Iterator[tuple[str, Any, Otherwise]]:
    """(name, default, change) of its parameters; change(value) gives one another default."""
    positional = function.__defaults__ or ()
    count = function.__code__.co_argcount
    for i, name in enumerate(function.__code__.co_varnames[count - len(positional) : count]):
        yield name, positional[i], partial(_positional, function, i)
    for name, default in (function.__kwdefaults__ or {}).items():
        yield name, default, partial(_keyword, function, name)


def _changed(where: Where, value: Any) -> Change:
    return (*where, value)


def _positional(function: types.FunctionType, i: int, value: Any) -> Change:
    present = function.__defaults__ or ()
    return (function, "__defaults__", (*present[:i], value, *present[i + 1 :]))


def _keyword(function: types.FunctionType, name: str, value: Any) -> Change:
    return (function, "__kwdefaults__", {**(function.__kwdefaults__ or {}), name: value})


def called(function: types.FunctionType) -> Iterator[Called]:
    """The functions of libraries that its code names, as `gelu` or `torch.nn.functional.gelu`."""
    outside = {name: (where, value) for name, where, value in held(function)}
    for code in codes_of(function.__code__):
        where: Where | None = None
        value, words = None, []
        for step in dis.get_instructions(code):
            if step.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")):
                where, value = outside.get(step.argval, (None, None))
                words = [step.argval]
            elif step.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")) and isinstance(value, types.ModuleType):
                where, value, words = (value, step.argval), getattr(value, step.argval, None), [*words, step.argval]
            else:
                where, value = None, None
            if where is not None and callable(value) and not isinstance(value, types.ModuleType) and _library(value):
                yield Called(where, ".".join(words), value)


def library_calls(function: Any) -> list[Called]:
    """The same of all the user's own functions that a function consists of, each once."""
    found = [call for each in functions_of(function) for call in called(each)]
    return list({(id(call.where[0]), call.where[1]): call for call in found}.values())


def _library(thing: Any) -> bool:
    if of_a_library(thing):
        return True
    module = getattr(thing, "__module__", None)  # functions that are written in C have none, or that of a shared object
    return isinstance(thing, (types.BuiltinFunctionType, types.BuiltinMethodType)) and (not module or module in sys.modules)


NOTHING = object()
"""In place of what an object takes from its class."""


def put(thing: Any, attribute: Any, value: Any) -> None:
    """Make a change. Modules of flax are frozen, and are changed too."""
    if isinstance(thing, (dict, list)):
        thing[attribute] = value
    elif isinstance(thing, (type, types.ModuleType)):
        setattr(thing, attribute, value)
    elif value is NOTHING:
        object.__delattr__(thing, attribute)
    else:
        object.__setattr__(thing, attribute, value)


def taken(thing: Any, attribute: Any) -> Any:
    """What is there now: of a method, which an object takes from its class, NOTHING."""
    if isinstance(thing, (dict, list)):
        return thing[attribute]
    value = getattr(thing, attribute)
    is_method = isinstance(value, types.MethodType) and value.__self__ is thing
    return NOTHING if is_method and attribute not in getattr(thing, "__dict__", {}) else value


def place(function: types.FunctionType) -> str:
    """How a function is called in words."""
    return "a lambda" if function.__name__ == "<lambda>" else f"{function.__name__}()"
