"""The mutants of the reference, listed once for all tests: that takes two seconds."""

from __future__ import annotations

from functools import cache

from conformance.rewriting.mutant import Mutant
from trust.corpus.catalogue import corpus


@cache
def reference_corpus() -> tuple[Mutant, ...]:
    """All mutants of the reference: of its pairs and of its optimizers."""
    return tuple(corpus(["pair", "optimizer"]))


@cache
def reference_mutants() -> dict[str, Mutant]:
    """The same by id."""
    return {mutant.id: mutant for mutant in reference_corpus()}


def a_mutant(identity: str) -> Mutant:
    """The mutant with an id."""
    return reference_mutants()[identity]
