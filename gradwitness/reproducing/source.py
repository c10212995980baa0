"""The source of a function, with everything of the user's that it names: code that stands alone in a script."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import math
import symtable
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradwitness.reproducing import keras_layers, linen
from gradwitness.reproducing.modules import built
from gradwitness.subjects.reach import of_a_library

NAMESPACES = {
    "torch": ("torch", "torch.nn.functional", "torch.special", "torch.linalg", "torch.fft"),
    "tensorflow": ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg", "tensorflow.signal"),
    "jax": ("jax.numpy", "jax.nn", "jax.lax", "jax.scipy.special", "jax.numpy.linalg"),
    "numpy": ("numpy", "numpy.linalg", "numpy.fft"),
}
"""Where a framework's public functions are."""
PASTE = "# Paste the source of"
CONSTANTS = (int, float, complex, str, bytes, bool, type(None))
WRAPPED = ("__wrapped__", "python_function")


class NoSource(ValueError):
    """Code that cannot be written down."""


@dataclass
class Source:
    """Lines of a script.

    imports      in their order
    definitions  name -> text, each after what it needs
    name         an expression for the function
    pasted       whether the function is imported from where it is, and its source has to be pasted in
    """

    imports: dict[str, None] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    name: str = ""
    pasted: bool = False

    @property
    def text(self) -> str:
        """The definitions."""
        return "\n\n".join(self.definitions.values())


def source_of(function: Any, framework: str, called: str = "function") -> Source:
    """The source of a function, which stands alone if it can; else an import of it.

    called   the name that an expression without a name of its own gets
    """
    found = Source()
    try:
        found.name = _expression(found, function, framework, called)
    except (NoSource, OSError, TypeError, SyntaxError, IndentationError):
        found = Source(pasted=True)
        inner = function if hasattr(function, "__qualname__") else type(function)
        module, name = inner.__module__ or "", inner.__qualname__.partition(".")[0]
        found.name = called
        name = name if name.isidentifier() else called
        origin = "your_module" if module in ("__main__", "") else module
        note = f"{PASTE} {inner.__qualname__} here, in place of this import."
        renamed = f"\n\n{called} = {_dotted(inner)}" if _dotted(inner) != called and name != called else ""
        found.definitions[called] = f"{note}\nfrom {origin} import {name}{renamed}\n"
    return found


def _dotted(inner: Any) -> str:
    return str(inner.__qualname__).replace("<locals>.", "")


def _expression(found: Source, function: Any, framework: str, called: str) -> str:
    """An expression that gives the function, after the definitions."""
    if public := _public(function, framework):
        module, _, name = public.rpartition(".")
        found.imports[f"import {module}"] = None
        return f"{module}.{name}"
    if isinstance(function, functools.partial):
        inner = _expression(found, function.func, framework, called)
        given = [_literal(value) for value in function.args] + [f"{k}={_literal(v)}" for k, v in function.keywords.items()]
        found.imports["import functools"] = None
        return f"functools.partial({', '.join([inner, *given])})"
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and isinstance(function, types.MethodType | types.BuiltinMethodType):
        _define(found, owner, owner.__name__, framework)
        return f"{owner.__name__}.{function.__name__}"
    if module := _module(found, function, framework, called):
        return module
    inner = _unwrapped(function)
    if not isinstance(inner, types.FunctionType):
        raise NoSource
    if inner.__name__ == "<lambda>":
        text = _lambda(inner)
        _needed(found, text, inner, framework)
        found.definitions[called] = f"{called} = {text}"
        return called
    _define(found, inner, inner.__name__, framework)
    _rules(found, function, inner.__name__, framework)
    return inner.__name__


def _module(found: Source, function: Any, framework: str, called: str) -> str:
    """An expression that gives a module or a layer; empty for another function."""
    if framework == "torch" and hasattr(function, "named_parameters"):
        found.imports["import torch"] = None
        if _is_layer(function):
            return _layer(function)
        lines = built(function, called, lambda kind: _define(found, kind, kind.__name__, framework), _literal)
        found.definitions[called] = "\n".join(lines) + "\n"
        return called
    if (module := linen.module_of(function)) is not None:
        return f"{_linen(found, module, framework)}.apply"
    if keras_layers.is_layer(function):
        found.imports["import keras"] = None
        found.definitions[called] = keras_layers.text(
            function, called, lambda kind: _define(found, kind, kind.__name__, framework)
        )
        return called
    return ""


def _linen(found: Source, module: Any, framework: str) -> str:
    """How a module of flax.linen is made."""
    found.imports["import flax.linen"] = None

    def define(kind: type) -> str:
        _define(found, kind, kind.__name__, framework)
        return kind.__name__

    def written(value: Any) -> str:
        return _expression(found, value, framework, "field") if callable(value) else _literal(value)

    return linen.made(module, define, written)


def _public(function: Any, framework: str) -> str:
    """Where a library's function is found by everybody."""
    name = getattr(function, "__name__", "")
    for place in NAMESPACES.get(framework, ()):
        module = sys.modules.get(place)
        if module is None:
            module = functools.reduce(
                lambda thing, part: getattr(thing, part, None), place.split(".")[1:], sys.modules.get(framework)
            )
        if name and module is not None and getattr(module, name, None) is function:
            return f"{place}.{name}"
    return ""


def _is_layer(function: Any) -> bool:
    """Whether this is a layer of PyTorch itself without buffers, or a Sequential of such layers."""
    if not type(function).__module__.startswith("torch.nn.modules") or any(True for _ in function.buffers()):
        return False
    parts = list(function.children())
    return not parts or (type(function).__name__ == "Sequential" and all(map(_is_layer, parts)))


def _layer(function: Any) -> str:
    """How it is made: the repr of a layer says it."""
    if type(function).__name__ == "Sequential":
        return f"torch.nn.Sequential({', '.join(map(_layer, function.children()))})"
    return f"torch.nn.{function!r}"


def _unwrapped(function: Any) -> Any:
    """The function that is written down."""
    while True:
        inner = next((vars(function)[n] for n in WRAPPED if n in getattr(function, "__dict__", {})), None)
        inner = inner or getattr(function, "python_function", None) or getattr(function, "fun", None)
        if inner is None or (isinstance(function, types.FunctionType) and inner is None):
            return function
        function = inner


def _define(found: Source, thing: Any, name: str, framework: str) -> None:
    """The definition of a function or a class, after those that it names."""
    if name in found.definitions:
        return
    text = textwrap.dedent(inspect.getsource(thing))
    found.definitions[name] = ""  # it may name itself
    functions = [thing] if isinstance(thing, types.FunctionType) else [*_functions_of(thing)]
    for function in functions:
        _needed(found, text, function, framework)
    del found.definitions[name]
    found.definitions[name] = text.rstrip() + "\n"


def _functions_of(thing: type) -> Iterator[types.FunctionType]:
    for value in vars(thing).values():
        inner = getattr(value, "__func__", value)
        if isinstance(inner, types.FunctionType):
            yield inner


def _rules(found: Source, function: Any, name: str, framework: str) -> None:
    """The rule that jax.custom_vjp was given after the definition."""
    forward, backward = getattr(function, "fwd", None), getattr(function, "bwd", None)
    if forward is None or backward is None:
        return
    names = []
    for rule in (forward, backward):
        inner = _unwrapped(rule)
        if inner.__name__ == "<lambda>":
            text = _lambda(inner)
            _needed(found, text, inner, framework)
            names.append(text)
        else:
            _define(found, inner, inner.__name__, framework)
            names.append(inner.__name__)
    found.definitions[f"{name}.defvjp"] = f"{name}.defvjp({', '.join(names)})\n"


def _lambda(function: types.FunctionType) -> str:
    """The text of a lambda, from the statement that it stands in: the one with the same code."""
    text = textwrap.dedent(inspect.getsource(function)).strip()
    for start in range(len(text)):
        if not text.startswith("lambda", start):
            continue
        for end in range(len(text), start, -1):
            try:
                tree = ast.parse(text[start:end].strip(), mode="eval")
            except (SyntaxError, ValueError):
                continue
            if isinstance(tree.body, ast.Lambda) and _same_code(tree, function):
                return ast.unparse(tree)
            if isinstance(tree.body, ast.Lambda):
                break
    raise NoSource


def _same_code(tree: ast.Expression, function: types.FunctionType) -> bool:
    """Whether a lambda compiles to the code of a function; cells of a closure are globals there."""
    code: types.CodeType = next(c for c in compile(tree, "lambda", "eval").co_consts if isinstance(c, types.CodeType))
    own = function.__code__
    return (
        code.co_varnames == own.co_varnames
        and {*code.co_names} == {*own.co_names, *own.co_freevars}
        and _plain(code) == _plain(own)
    )


def _plain(code: types.CodeType) -> list[Any]:
    return [constant for constant in code.co_consts if not isinstance(constant, types.CodeType)]


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a piece of code takes from outside."""
    for symbol in table.get_symbols():
        outside = not symbol.is_assigned() if table.get_type() == "module" else symbol.is_global()
        if symbol.is_referenced() and outside:
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner)


def _needed(found: Source, text: str, function: types.FunctionType, framework: str) -> None:
    """Everything that a piece of code names, and that is no builtin: modules, constants, functions and classes of the user's."""
    named = set(_globals(symtable.symtable(text, "source", "exec")))
    scope = _scope(function)
    for name in sorted(named & scope.keys()):
        if name in found.definitions or hasattr(builtins, name):
            continue
        value = scope[name]
        if isinstance(value, types.ModuleType):
            own = f"import {value.__name__}"
            found.imports[own if name == value.__name__ else f"{own} as {name}"] = None
        elif isinstance(value, (types.FunctionType, type)) and not of_a_library(value):
            _define(found, value, name, framework)
        elif hasattr(value, "__module__") and hasattr(value, "__name__") and _importable(value):
            found.imports[f"from {value.__module__} import {value.__name__}" + (f" as {name}" * (name != value.__name__))] = None
        elif callable(_unwrapped(value)) and isinstance(_unwrapped(value), types.FunctionType):
            _define(found, _unwrapped(value), name, framework)
            _rules(found, value, name, framework)
        elif getattr(value, "__module__", None) == "typing" or value is Any:
            found.imports[f"from typing import {name}"] = None
        else:
            found.definitions[name] = f"{name} = {_literal(value)}\n"


def _importable(value: Any) -> bool:
    return of_a_library(value) and getattr(sys.modules.get(value.__module__), value.__name__, None) is value


def _scope(function: types.FunctionType) -> Mapping[str, Any]:
    """Globals, and the cells of the closure."""
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # a cell that nothing was put into yet
            continue
    return {**function.__globals__, **cells}


def _literal(value: Any) -> str:
    """A constant as code. Raises NoSource for what is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, CONSTANTS):
        return repr(value)
    if type(value) in (tuple, list, dict):
        for each in value.values() if isinstance(value, dict) else value:
            _literal(each)
        return repr(value)
    if type(value).__module__ == "torch" and type(value).__name__ in ("dtype", "device"):
        return repr(value)
    raise NoSource


literal = _literal
