"""The corpus: every mistake of `gradwitness.mistakes` in every function that a forward, a backward, an optimizer's step or an
adapter's spelling runs, and every gradient spoiled afterwards.

A mutant's id says where and what: "pair layers.softmax.backward: dropped term 2" is the second term dropped there. It does not
change with what is written above it in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import FunctionType
from typing import Any, Literal

import numpy as np

import adapters
from gradwitness import frameworks
from gradwitness.mutation import Mutation, mutations, planted
from gradwitness.subject import Subject, tree_map
from reference import MODELS, OPS, OPTIMIZERS, Op
from trust.reached import DOOR, examined, methods, reached, remembering
from trust.spoiled import spoiled

Kind = Literal["pair", "optimizer", "adapter"]
PAIRS: Mapping[str, Op] = OPS | MODELS
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
    functions = examined({name: (op.forward, op.backward) for name, op in OPS.items()}, "reference.")
    of_models = examined({name: (op.forward, op.backward) for name, op in MODELS.items()}, "reference.")
    functions |= {f: examiners for f, examiners in of_models.items() if f not in functions}  # an op's own cases are nearer
    for function, examiners in functions.items():
        if not names or examiners[0] in names:
            yield from _of_function("pair", function, examiners)
    for name, op in PAIRS.items():
        for label, which, what, spoil in spoiled(op) if not names or name in names else ():
            where = f"{_home(op.backward)}.backward -> {which}"
            yield Mutant("pair", where, label, 1, 0, which, what, (name,), function=op.backward, spoil=spoil)


def optimizer_mutants() -> Iterator[Mutant]:
    """Those of the steps of optimizers."""
    functions = examined({name: (rule.init, rule.step) for name, rule in OPTIMIZERS.items()}, "reference.")
    for function, examiners in functions.items():
        yield from _of_function("optimizer", function, examiners)


def adapter_mutants(adapter: str) -> Iterator[Mutant]:
    """Those of an adapter's spelling of ops, optimizers and models. Raises Unavailable."""
    loaded = adapters.load(adapter)
    spelled = {name: (f,) for name, f in {**loaded.ops, **loaded.optimizers}.items()}
    spelled |= {name: tuple(methods(f"adapters.{adapter}.models", name)) for name in loaded.models}
    functions = examined(spelled, f"adapters.{adapter}.")
    for function, examiners in functions.items():
        yield from _of_function("adapter", function, examiners, adapter)


def corpus(kinds: Collection[str] = (), examiners: Collection[str] = ()) -> Iterator[Mutant]:
    """All mutants, or those of some kinds, or of which some op, model or optimizer is the nearest examiner.

    Raises ValueError for an unknown kind.
    """
    made: dict[str, Callable[[], Iterator[Mutant]]]
    made = {"pair": pair_mutants, "optimizer": optimizer_mutants, "adapter": _of_adapters}
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
    return frozenset(reached((PAIRS[name].forward,), "reference."))


def _of_function(kind: Kind, function: FunctionType, examiners: tuple[str, ...], adapter: str = "") -> Iterator[Mutant]:
    spared = {name for name in (*function.__globals__, *function.__code__.co_names) if name.lstrip("_").startswith(DOOR)}
    spared.add("errstate")
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


@contextmanager
def _planted(function: FunctionType, mutation: Mutation) -> Iterator[None]:
    """What functions remember of the right code must not serve the wrong one, nor the other way round."""
    memories = remembering(f"{function.__module__.split('.')[0]}.")
    for memory in memories:
        memory.cache_clear()
    try:
        with planted(function, mutation.code()):
            yield
    finally:
        for memory in memories:
            memory.cache_clear()


def _normalizes(function: FunctionType) -> bool:
    return "backward" in function.__name__ and _home(function).rsplit(".", 1)[-1] in STATISTICS


def _home(function: FunctionType) -> str:
    return function.__module__.removeprefix("reference.")
