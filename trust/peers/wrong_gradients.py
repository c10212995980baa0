"""The corpus about which rules are asked: every mutant of every op's forward and backward.

Which of them make a wrong gradient and change nothing else, `conformance.rewriting.wrong_gradients` says.
"""

from __future__ import annotations

from functools import cache

from conformance.rewriting.mutant import Mutant
from reference import OPS
from trust.corpus.catalogue import pair_mutants


@cache
def mutants() -> dict[str, Mutant]:
    """Every mutant of every op's forward and backward, by its id."""
    return {mutant.id: mutant for mutant in pair_mutants(tuple(OPS))}
