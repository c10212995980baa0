"""The corpus of mutants.

It has every mistake of `conformance.rewriting.mistakes` in every function that a forward, a backward, an optimizer's step or an
adapter runs, and every gradient spoiled after a right backward.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from types import FunctionType
from typing import Any, cast

import adapters
from conformance.rewriting.mutant import Mutant, home, of_function
from conformance.rewriting.reachable import examined, methods, reached
from gradwitness import frameworks
from reference import MODELS, OPS, OPTIMIZERS, Op
from trust.corpus.spoiled_gradients import spoiled

PAIRS: Mapping[str, Op] = OPS | MODELS


def pair_mutants(names: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """The mutants of forwards and backwards: of ops first, then of models. Of the ops and models named, or of all."""
    functions = examined({name: (op.forward, op.backward) for name, op in OPS.items()}, "reference.")
    of_models = examined({name: (op.forward, op.backward) for name, op in MODELS.items()}, "reference.")
    functions |= {f: examiners for f, examiners in of_models.items() if f not in functions}  # an op's own cases are nearer
    for function, examiners in functions.items():
        if not names or examiners[0] in names:
            yield from of_function("pair", function, examiners)
    for name, op in PAIRS.items():
        backward = cast("FunctionType", op.backward)
        for label, which, what, spoil in spoiled(op) if not names or name in names else ():
            where = f"{home(backward)}.backward -> {which}"
            yield Mutant("pair", where, label, 1, 0, which, what, (name,), function=backward, spoil=spoil)


def optimizer_mutants() -> Iterator[Mutant]:
    """The mutants of the steps of optimizers."""
    functions = examined({name: (rule.init, rule.step) for name, rule in OPTIMIZERS.items()}, "reference.")
    for function, examiners in functions.items():
        yield from of_function("optimizer", function, examiners)


def adapter_mutants(adapter: str) -> Iterator[Mutant]:
    """The mutants of an adapter's ops, optimizers and models. Raises Unavailable."""
    loaded = adapters.load(adapter)
    spelled: dict[str, tuple[Any, ...]] = {name: (f,) for name, f in {**loaded.ops, **loaded.optimizers}.items()}
    spelled |= {name: tuple(methods(f"adapters.{adapter}.models", name)) for name in loaded.models}
    functions = examined(spelled, f"adapters.{adapter}.")
    for function, examiners in functions.items():
        yield from of_function("adapter", function, examiners, adapter)


def corpus(kinds: Collection[str] = (), examiners: Collection[str] = ()) -> Iterator[Mutant]:
    """All mutants; or those of some kinds, or whose nearest examiner is one of those named.

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
