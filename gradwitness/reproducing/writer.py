"""Code that gives a function of the user's, after the definitions of everything that it names."""

from __future__ import annotations

import builtins
import functools
import inspect
import symtable
import sys
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gradwitness.reproducing import constants, keras_layers, linen, modules
from gradwitness.reproducing.texts import NoSource, lambda_text, literal, outer_names, public_name, scope_of, unwrapped
from gradwitness.subjects.reach import of_a_library


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


class Writer:
    """Writes the source of functions of one framework; in float64 the tensors of floats that they name, where `wide` says so."""

    def __init__(self, framework: str, wide: bool = False) -> None:
        self.framework, self.source, self.wide = framework, Source(), wide

    def expression(self, function: Any, called: str) -> str:
        """An expression that gives the function, after the definitions."""
        if public := public_name(function, self.framework):
            module, _, name = public.rpartition(".")
            self.source.imports[f"import {module}"] = None
            return f"{module}.{name}"
        if isinstance(function, functools.partial):
            inner = self.expression(function.func, called)
            given = [literal(value) for value in function.args] + [f"{k}={literal(v)}" for k, v in function.keywords.items()]
            self.source.imports["import functools"] = None
            return f"functools.partial({', '.join([inner, *given])})"
        owner = getattr(function, "__self__", None)
        if isinstance(owner, type) and isinstance(function, types.MethodType | types.BuiltinMethodType):
            self._define(owner, owner.__name__)
            return f"{owner.__name__}.{function.__name__}"
        if module := self._module(function, called):
            return module
        inner = unwrapped(function)
        if not isinstance(inner, types.FunctionType):
            raise NoSource
        if inner.__name__ == "<lambda>":
            text = lambda_text(inner)
            self._needed(text, inner)
            self.source.definitions[called] = f"{called} = {text}"
            return called
        self._define(inner, inner.__name__)
        self._rules(function, inner.__name__)
        return inner.__name__

    def _module(self, function: Any, called: str) -> str:
        """An expression that gives a module or a layer; empty for another function."""
        if self.framework == "torch" and hasattr(function, "named_parameters"):
            self.source.imports["import torch"] = None
            if modules.is_layer(function):
                return modules.layer(function)
            lines = modules.built(function, called, lambda kind: self._define(kind, kind.__name__), literal)
            self.source.definitions[called] = "\n".join(lines) + "\n"
            return called
        if (module := linen.module_of(function)) is not None:
            return f"{self._linen(module)}.apply"
        if keras_layers.is_layer(function):
            self.source.imports["import keras"] = None
            self.source.definitions[called] = keras_layers.text(function, called, lambda kind: self._define(kind, kind.__name__))
            return called
        return ""

    def _linen(self, module: Any) -> str:
        """How a module of flax.linen is made."""
        self.source.imports["import flax.linen"] = None

        def define(kind: type) -> str:
            self._define(kind, kind.__name__)
            return kind.__name__

        def written(value: Any) -> str:
            return self.expression(value, "field") if callable(value) else literal(value)

        return linen.made(module, define, written)

    def _define_as(self, thing: Any, name: str) -> str:
        """The definition of what the code calls by a name, which need not be its own. Returns its own."""
        own = thing.__name__ if thing.__name__.isidentifier() else name  # a lambda has the name that the statement gives it
        self._define(thing, own)
        if own != name:
            self.source.definitions[name] = f"{name} = {own}\n"
        return str(own)

    def _define(self, thing: Any, name: str) -> None:
        """The definition of a function or a class, after those that it names."""
        if name in self.source.definitions:
            return
        lone = isinstance(thing, types.FunctionType) and thing.__name__ == "<lambda>"
        text = f"{name} = {lambda_text(thing)}" if lone else textwrap.dedent(inspect.getsource(thing))
        self.source.definitions[name] = ""  # it may name itself
        functions = [thing] if isinstance(thing, types.FunctionType) else [*_functions_of(thing)]
        for function in functions:
            self._needed(text, function)
        del self.source.definitions[name]
        self.source.definitions[name] = text.rstrip() + "\n"

    def _rules(self, function: Any, name: str) -> None:
        """The rule that jax.custom_vjp or jax.custom_jvp was given after the definition."""
        if isinstance(rule := getattr(function, "jvp", None), types.FunctionType):
            self._define(rule, rule.__name__)
            if f"@{name}.defjvp" not in self.source.definitions[rule.__name__]:
                self.source.definitions[f"{name}.defjvp"] = f"{name}.defjvp({rule.__name__})\n"
            return
        forward, backward = getattr(function, "fwd", None), getattr(function, "bwd", None)
        if forward is None or backward is None:
            return
        names = []
        for rule in (forward, backward):
            inner = unwrapped(rule)
            if inner.__name__ == "<lambda>":
                text = lambda_text(inner)
                self._needed(text, inner)
                names.append(text)
            else:
                self._define(inner, inner.__name__)
                names.append(inner.__name__)
        self.source.definitions[f"{name}.defvjp"] = f"{name}.defvjp({', '.join(names)})\n"

    def _needed(self, text: str, function: types.FunctionType) -> None:
        """Everything that a piece of code names, and that is no builtin: modules, constants, the user's functions and classes."""
        named = set(outer_names(symtable.symtable(text, "source", "exec")))
        scope = scope_of(function)
        for name in sorted(named & scope.keys()):
            if name in self.source.definitions or hasattr(builtins, name):
                continue
            value = scope[name]
            if isinstance(value, types.ModuleType):
                own = f"import {value.__name__}"
                self.source.imports[own if name == value.__name__ else f"{own} as {name}"] = None
            elif isinstance(value, (types.FunctionType, type)) and not of_a_library(value):
                self._define_as(value, name)
            elif hasattr(value, "__module__") and hasattr(value, "__name__") and _importable(value):
                self.source.imports[
                    f"from {value.__module__} import {value.__name__}" + (f" as {name}" * (name != value.__name__))
                ] = None
            elif callable(unwrapped(value)) and isinstance(unwrapped(value), types.FunctionType):
                self._rules(value, self._define_as(unwrapped(value), name))
            elif getattr(value, "__module__", None) == "typing" or value is Any:
                self.source.imports[f"from typing import {name}"] = None
            else:
                self.source.definitions[name] = f"{name} = {constants.written(value, self.wide) or literal(value)}\n"


def _functions_of(thing: type) -> Iterator[types.FunctionType]:
    for value in vars(thing).values():
        inner = unwrapped(getattr(value, "__func__", value))  # a library's decorator has the library's globals
        if isinstance(inner, types.FunctionType):
            yield inner


def _importable(value: Any) -> bool:
    return of_a_library(value) and getattr(sys.modules.get(value.__module__), value.__name__, None) is value
