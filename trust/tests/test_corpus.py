"""The corpus is large, has every kind of mistake, and names each mutant."""

from __future__ import annotations

import pytest

from reference import OPS
from trust.corpus.catalogue import corpus
from trust.tests.mutants_of_reference import reference_corpus, reference_mutants

ASKED_FOR = {
    "flipped sign", "dropped term", "missing factor", "doubled factor", "transposed operand", "swapped operands", "sum for mean",
    "missing sum", "wrong axis", "forward value in place of its derivative", "pre- for post-activation", "mask with its boundary",
    "wrong mask", "wrong tensor", "stale or overwritten cache", "overwritten in place of accumulated", "last one dropped",
    "detached statistics", "N-1 for N", "epsilon dropped", "one entry zeroed", "relative perturbation of 1e-2",
    "relative perturbation of 1e-4", "relative perturbation of 1e-6",
}  # fmt: skip


def test_ids_are_unique() -> None:
    found = [mutant.id for mutant in reference_corpus()]
    assert len(found) == len(set(found))


def test_the_corpus_is_large_and_has_every_kind_of_mistake() -> None:
    assert len(reference_mutants()) > 5000
    assert ASKED_FOR - {m.label for m in reference_mutants().values()} == set()


def test_every_backward_and_every_optimizer_has_mutants() -> None:
    where = {m.examiners[0] for m in reference_mutants().values()}
    assert set(OPS) <= where
    assert {m.examiners[0] for m in reference_mutants().values() if m.kind == "optimizer"}


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind pairs; there are pair, optimizer, adapter"):
        list(corpus(["pairs"]))
