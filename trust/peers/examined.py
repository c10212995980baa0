"""What a rule is asked about, and what PyTorch returns for the same inputs, whoever's backward is in question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

import adapters
from conformance.known import known
from conformance.matrix import Cell
from conformance.run import point
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves, tree_map
from reference import OPS, Case, Op
from trust.peers.wrapped import Pair

JACOBIAN = 1_000
"""Entries of inputs and outs together, beyond which a whole Jacobian takes longer than a test should. The generic case of every
op is below; of the others, the large ones are counted as not applicable."""


class Inapplicable(Exception):
    """A rule cannot be asked about a pair, and why."""


@dataclass(frozen=True)
class Examined:
    """A pair at a point: an op, its case, and the subject whose backward is in question."""

    op: Op
    case: Case
    subject: Subject

    def pair(self, dtype: str, whole_jacobian: bool = False) -> Pair:
        """The pair in a dtype, as peers take it. Raises Inapplicable where the whole Jacobian would be too large."""
        pair = Pair(self.subject, dtype)
        size = sum(a.size for a in (*pair.inputs, *pair.cotangents))
        if whole_jacobian and size > JACOBIAN:
            raise Inapplicable(f"more than {JACOBIAN} entries of inputs and outs")
        return pair


Rule = Callable[[Examined], None]


def results(at: Examined, dtype: str, *, ones: bool = False) -> list[Array]:
    """PyTorch's outs and gradients in dtype, in the order of the subject's `names`; with `ones` for the cotangent, or its own.

    Raises Inapplicable where PyTorch has no such op, or is on record as computing another function or gradient there.
    """
    if why := adapters.load("torch").missing("ops", at.op.name):
        raise Inapplicable(f"PyTorch: {why}")
    if known(Cell("op", at.op.name, at.case.id, "torch", dtype, "cpu", "eager")) is not None:
        raise Inapplicable("PyTorch is on record as different here (conformance/known_differences.toml)")
    return list(_results(at.op.name, at.case, at.subject.seed, dtype, ones))


@lru_cache(maxsize=32)
def _results(name: str, case: Case, number: int, dtype: str, ones: bool) -> tuple[Array, ...]:
    framework, spelling = (adapter := adapters.load("torch")).framework, adapter.ops[name]
    at = point(OPS[name], case, number).rounded(dtype)
    dout = tree_map(np.ones_like, at.cotangent) if ones else at.cotangent
    if ones and at.detached:
        dout = tuple(np.zeros_like(d) if i in at.detached else d for i, d in enumerate(dout))
    put = partial(framework.from_numpy, device="cpu")
    out, grads = framework.vjp(partial(spelling, **tree_map(put, dict(at.static))))(tree_map(put, at.inputs), tree_map(put, dout))
    return tuple(framework.to_numpy(a) for a in (*leaves(out), *grads))
