"""The corpus: every mistake of `gradwitness.mistakes` in every function that a forward, a backward, an optimizer's step or an
adapter's spelling runs, and every gradient spoiled afterwards.

A mutant's id says where and what: "pair layers.softmax.backward: dropped term 2" is the second term dropped there. It does not
change with what is written above it in the file.
"""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal

import numpy as np

import adapters
from gradwitness import frameworks
from gradwitness.mutation import Mutation, mutations, planted
from gradwitness.subject import Subject, tree_map
from reference import MODELS, OPS, OPTIMIZERS, Op
from trust.spoiled import spoiled

Kind = Literal["pair", "optimizer", "adapter"]
PAIRS: Mapping[str, Op] = OPS | MODELS
DOOR = ("require", "check")
"""Functions whose names begin so check arguments, and compute nothing."""
EXAMINERS = 4
"""What many run is examined by the nearest; more could only kill more."""
FOR_SPEED = ("pieces",)
"""Functions that cut arrays to what the cache holds: a mistake there is slow, or as good as dead on every case."""
STATISTICS = (
    "standardize", "batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm", "l2_normalize", "weight_norm", "unit",
)  # fmt: skip
"""Modules whose backward has terms for what a mean, a variance or a norm contributes: dropped, these are constants."""


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    kind        what is wrong: a pair of the reference, an optimizer's step, or an adapter's spelling
    where       the function, without the room: "layers.softmax.backward"
    label       the kind of mistake
    number      counts those of a kind in a function
    before, after, line   the source and what it would be
    examiners   the ops, models or optimizers that run the function, the nearest first
    plant       () -> a context in which the mistake is made
    function    the one that the mistake is in
    spoil       backward -> one that spoils a gradient afterwards; for mistakes that are not in the source
    """

    kind: Kind
    where: str
    label: str
    number: int
    line: int
    before: str
    after: str
    examiners: tuple[str, ...]
    adapter: str = ""
    plant: Callable[[], AbstractContextManager[None]] = field(default=nullcontext, compare=False, repr=False)
    function: FunctionType | None = field(default=None, compare=False, repr=False)
    spoil: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)

    @property
    def id(self) -> str:
        """Where and what, stable under changes elsewhere."""
        return f"{self.kind} {self.where}: {self.label} {self.number}"

    def on(self, subject: Subject) -> Subject:
        """A subject of its own, with the mistake if it is not in the source; arrays are copies: a mistake may write into them."""
        backward = self.spoil(subject.backward) if self.spoil else subject.backward
        inputs, static = tree_map(np.copy, subject.inputs), tree_map(np.copy, dict(subject.static))
        return replace(subject, backward=backward, inputs=inputs, static=static)

    @property
    def diff(self) -> str:
        """The source before and after."""
        return f"@@ {self.where}, line {self.line} @@\n- {self.before}\n+ {self.after}"


def pair_mutants(names: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """Those of forwards and backwards, of ops first and of models after them; of the ops and models named, or of all."""
    functions = _examined({name: (op.forward, op.backward) for name, op in OPS.items()}, "reference.")
    of_models = _examined({name: (op.forward, op.backward) for name, op in MODELS.items()}, "reference.")
    functions |= {f: examiners for f, examiners in of_models.items() if f not in functions}  # an op's own cases are nearer
    for function, examiners in functions.items():
        if not names or examiners[0] in names:
            yield from _of_function("pair", function, examiners)
    for name, op in PAIRS.items():
        for label, which, what, spoil in spoiled(op) if not names or name in names else ():
            yield Mutant(
                "pair",
                f"{_home(op.backward)}.backward -> {which}",
                label,
                1,
                0,
                which,
                what,
                (name,),
                function=op.backward,
                spoil=spoil,
            )


def optimizer_mutants() -> Iterator[Mutant]:
    """Those of the steps of optimizers."""
    functions = _examined({name: (rule.init, rule.step) for name, rule in OPTIMIZERS.items()}, "reference.")
    for function, examiners in functions.items():
        yield from _of_function("optimizer", function, examiners)


def adapter_mutants(adapter: str) -> Iterator[Mutant]:
    """Those of an adapter's spelling of ops, optimizers and models. Raises Unavailable."""
    loaded = adapters.load(adapter)
    spelled = {name: (f,) for name, f in {**loaded.ops, **loaded.optimizers}.items()}
    spelled |= {name: tuple(_methods(f"adapters.{adapter}.models", name)) for name in loaded.models}
    functions = _examined(spelled, f"adapters.{adapter}.")
    for function, examiners in functions.items():
        yield from _of_function("adapter", function, examiners, adapter)


def corpus(kinds: Collection[str] = (), examiners: Collection[str] = ()) -> Iterator[Mutant]:
    """All mutants, or those of some kinds, or of which some op, model or optimizer is the nearest examiner.

    Raises ValueError for an unknown kind.
    """
    made: dict[str, Callable[[], Iterator[Mutant]]] = {
        "pair": pair_mutants,
        "optimizer": optimizer_mutants,
        "adapter": _of_adapters,
    }
    if unknown := set(kinds) - set(made):
        raise ValueError(f"unknown kind {', '.join(sorted(unknown))}; there are {', '.join(made)}")
    for kind, make in made.items():
        if not kinds or kind in kinds:
            yield from (m for m in make() if not examiners or m.examiners[0] in examiners)


def _of_adapters() -> Iterator[Mutant]:
    for name in adapters.NAMES:
        try:
            yield from adapter_mutants(name)
        except frameworks.Unavailable:
            continue


def reached_by_forward(mutant: Mutant, name: str) -> bool:
    """Whether an op's or model's forward runs the function that the mistake is in."""
    return mutant.function in _forwards(name)


@cache
def _forwards(name: str) -> frozenset[FunctionType]:
    return frozenset(_reached((PAIRS[name].forward,), "reference."))


def _of_function(kind: Kind, function: FunctionType, examiners: tuple[str, ...], adapter: str = "") -> Iterator[Mutant]:
    spared = {name for name in (*function.__globals__, *function.__code__.co_names) if name.lstrip("_").startswith(DOOR)}
    where, count = f"{_home(function)}.{function.__qualname__}", Counter[str]()
    try:
        found = list(mutations(function, spared))
    except ValueError:  # a closure or a lambda: there is no def whose code could be swapped
        return
    for m in found:
        label = "detached statistics" if m.label == "dropped term" and m.drops_last and _normalizes(function) else m.label
        count[label] += 1
        plant = partial(_planted, function, m)
        yield Mutant(kind, where, label, count[label], m.line, m.before, m.after, examiners, adapter, plant, function)


def _planted(function: FunctionType, mutation: Mutation) -> AbstractContextManager[None]:
    return planted(function, mutation.code())


def _normalizes(function: FunctionType) -> bool:
    return "backward" in function.__name__ and _home(function).rsplit(".", 1)[-1] in STATISTICS


def _home(function: FunctionType) -> str:
    return function.__module__.removeprefix("reference.")


def _examined(roots: Mapping[str, tuple[Any, ...]], room: str) -> dict[FunctionType, tuple[str, ...]]:
    """Every function of a room that the roots run -> the names of those that do; the one whose own file it is in comes first."""
    users: dict[FunctionType, list[str]] = {}
    for name, functions in roots.items():
        for function in sorted(_reached(functions, room), key=lambda f: (f.__module__, f.__code__.co_firstlineno)):
            users.setdefault(function, []).append(name)

    def distance(function: FunctionType, name: str) -> bool:
        return function.__module__.rsplit(".", 1)[-1] != name

    return {f: tuple(sorted(names, key=partial(distance, f)))[:EXAMINERS] for f, names in users.items()}


def _methods(package: str, model: str) -> Iterator[FunctionType]:
    """What the classes of a model compute: the framework's modules by their own methods."""
    for value in vars(importlib.import_module(f"{package}.{model}")).values():
        if inspect.isclass(value) and value.__module__.startswith(package):
            for name in ("forward", "call", "__call__", "loss"):
                if name in vars(value):
                    yield inspect.unwrap(vars(value)[name])


def _reached(functions: tuple[Any, ...], room: str) -> set[FunctionType]:
    found: set[FunctionType] = set()
    waiting = [f for f in map(_plain, functions) if f is not None]
    while waiting:
        function = waiting.pop()
        spared = function.__name__.lstrip("_").startswith(DOOR) or function.__name__ in FOR_SPEED
        if function in found or spared or not function.__module__.startswith(room):
            continue
        found.add(function)
        waiting.extend(_called(function, room))
    return found


@cache
def _called(function: FunctionType, room: str) -> tuple[FunctionType, ...]:
    """The functions of a room that a function names: by themselves, or in a module or table that it names."""
    names = set(_names(function.__code__))
    held = [function.__globals__[name] for name in names if name in function.__globals__]
    for value in list(held):
        if isinstance(value, ModuleType) and value.__name__.startswith(room):
            held.extend(v for k, v in vars(value).items() if k in names)
        elif isinstance(value, dict):
            held.extend(v for v in value.values() if not isinstance(v, ModuleType))
            held.extend(v for m in value.values() if isinstance(m, ModuleType) for k, v in vars(m).items() if k in names)
    return tuple(f for f in map(_plain, held) if f is not None)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _plain(value: Any) -> FunctionType | None:
    while isinstance(value, partial):
        value = value.func
    return value if isinstance(value, FunctionType) else None
