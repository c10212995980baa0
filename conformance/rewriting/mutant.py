"""A mutant, and the mutants of one function: every mistake of `conformance.rewriting.mistakes` that can be made in it.

The id of a mutant says where and what: "pair layers.softmax.backward: dropped term 2" is the second term dropped there. Changes
elsewhere in the file do not change it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from types import FunctionType
from typing import Any, Literal

import numpy as np

from conformance.rewriting.mutation import Mutation, mutations, planted
from conformance.rewriting.reachable import DOOR, remembering
from gradwitness.subjects.pair import Subject, tree_map

Kind = Literal["pair", "optimizer", "adapter"]
STATISTICS = (
    "standardize", "batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm", "l2_normalize", "weight_norm", "unit",
)  # fmt: skip
"""Modules whose backward has terms for the gradient of a mean, a variance or a norm. Without such a term these are constants."""


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    kind        where the mistake is: a pair of the reference, an optimizer's step, or an adapter
    where       the function, without the room: "layers.softmax.backward"
    label       the kind of mistake
    number      counts mistakes of one kind in a function
    before, after, line   the source, what replaces it, and where
    examiners   the ops, models or optimizers that run the function, the nearest first
    plant       () -> a context in which the mistake is there; where there is a function, (shown=True) gives it a source
    function    the function with the mistake
    spoil       backward -> a backward that changes a gradient afterwards; for mistakes that are not in the source
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
    plant: Callable[..., AbstractContextManager[None]] = field(default=nullcontext, compare=False, repr=False)
    function: FunctionType | None = field(default=None, compare=False, repr=False)
    spoil: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)

    @property
    def id(self) -> str:
        """Where and what. Changes elsewhere do not change it."""
        return f"{self.kind} {self.where}: {self.label} {self.number}"

    def on(self, subject: Subject) -> Subject:
        """A copy of a subject, with its backward spoiled if that is the mistake. Arrays are copied: a mistake may change them."""
        backward = self.spoil(subject.backward) if self.spoil else subject.backward
        inputs, static = tree_map(np.copy, subject.inputs), tree_map(np.copy, dict(subject.static))
        return replace(subject, backward=backward, inputs=inputs, static=static, dout=None)

    @property
    def diff(self) -> str:
        """The source before and after."""
        return f"@@ {self.where}, line {self.line} @@\n- {self.before}\n+ {self.after}"


def of_function(kind: Kind, function: FunctionType, examiners: tuple[str, ...], adapter: str = "") -> Iterator[Mutant]:
    """Every mistake in a function; none if its code cannot be swapped."""
    spared = {name for name in (*function.__globals__, *function.__code__.co_names) if name.lstrip("_").startswith(DOOR)}
    spared.add("errstate")
    where, count = f"{home(function)}.{function.__qualname__}", Counter[str]()
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
def _planted(function: FunctionType, mutation: Mutation, *, shown: bool = False) -> Iterator[None]:
    """Plant a mutation; shown: with a source that can be read.

    Caches are cleared before and after: they must not mix results of right and wrong code.
    """
    caches = remembering(f"{function.__module__.split('.')[0]}.")
    for cached in caches:
        cached.cache_clear()
    try:
        with planted(function, mutation.shown() if shown else mutation.code()):
            yield
    finally:
        for cached in caches:
            cached.cache_clear()


def _normalizes(function: FunctionType) -> bool:
    return "backward" in function.__name__ and home(function).rsplit(".", 1)[-1] in STATISTICS


def home(function: FunctionType) -> str:
    """The module of a function, without the prefix `reference.`, which most mutants have."""
    return function.__module__.removeprefix("reference.")
