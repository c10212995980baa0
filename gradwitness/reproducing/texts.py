"""The text of code: of lambdas and constants, and the names that it takes from outside."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import math
import symtable
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

NAMESPACES = {
    "torch": ("torch", "torch.nn.functional", "torch.special", "torch.linalg", "torch.fft"),
    "tensorflow": ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg", "tensorflow.signal"),
    "jax": ("jax.numpy", "jax.nn", "jax.lax", "jax.scipy.special", "jax.numpy.linalg"),
    "numpy": ("numpy", "numpy.linalg", "numpy.fft"),
}
"""Where a framework's public functions are."""
CONSTANTS = (int, float, complex, str, bytes, bool, type(None))
STEPS = ("BINARY_", "COMPARE_", "UNARY_", "LOAD_FAST", "LOAD_CONST")
"""How instructions begin that are the same wherever a lambda stands."""
WRAPPED = ("__wrapped__", "python_function")


class NoSource(ValueError):
    """Code that cannot be written down."""


def literal(value: Any) -> str:
    """A constant as code. Raises NoSource for what is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, CONSTANTS):
        return repr(value)
    if type(value) in (tuple, list, dict):
        for each in value.values() if isinstance(value, dict) else value:
            literal(each)
        return repr(value)
    if type(value).__module__ == "torch" and type(value).__name__ in ("dtype", "device"):
        return repr(value)
    if is_random_key(value):
        import jax

        numbers = np.asarray(jax.random.key_data(value)).tolist()
        return f"jax.random.wrap_key_data(jnp.asarray({numbers}, 'uint32'), impl={str(jax.random.key_impl(value))!r})"
    raise NoSource


def is_random_key(value: Any) -> bool:
    """Whether it is a key of jax.random, or an array of them: its dtype is its own, and no number."""
    return str(getattr(value, "dtype", "")).startswith("key<")


def lambda_text(function: types.FunctionType) -> str:
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
        and _steps(code) == _steps(own)
    )


def _steps(code: types.CodeType) -> list[tuple[str, str]]:
    """What it loads and computes, in order. Names from outside are loaded otherwise in a closure."""
    plain = (each for each in dis.get_instructions(code) if not isinstance(each.argval, types.CodeType))
    return [(each.opname, each.argrepr) for each in plain if each.opname.startswith(STEPS)]


def _plain(code: types.CodeType) -> list[Any]:
    return [constant for constant in code.co_consts if not isinstance(constant, types.CodeType)]


def outer_names(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a piece of code takes from outside."""
    for symbol in table.get_symbols():
        outside = not symbol.is_assigned() if table.get_type() == "module" else symbol.is_global()
        if symbol.is_referenced() and outside:
            yield symbol.get_name()
    for inner in table.get_children():
        yield from outer_names(inner)


def scope_of(function: types.FunctionType) -> Mapping[str, Any]:
    """Globals, and the cells of the closure."""
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # a cell that nothing was put into yet
            continue
    return {**function.__globals__, **cells}


def unwrapped(function: Any) -> Any:
    """The function that is written down."""
    while True:
        inner = next((vars(function)[n] for n in WRAPPED if n in getattr(function, "__dict__", {})), None)
        inner = inner or getattr(function, "python_function", None) or getattr(function, "fun", None)
        if inner is None or (isinstance(function, types.FunctionType) and inner is None):
            return function
        function = inner


def public_name(function: Any, framework: str) -> str:
    """Where a library's function is found by everybody."""
    name = getattr(function, "__name__", "")
    for place in NAMESPACES.get(framework, ()):
        module = sys.modules.get(place)
        if module is None:
            module = functools.reduce(
                lambda thing, part: getattr(thing, part, None), place.split(".")[1:], sys.modules.get(framework)
            )
        found = getattr(module, name, None) if name and module is not None else None
        if found is not None and (found is function or getattr(found, "__wrapped__", None) is function):
            return f"{place}.{name}"
    return ""
