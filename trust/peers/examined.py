"""What a rule is asked about, and what PyTorch returns for the same inputs."""

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
"""The limit of entries of inputs and outs together: a larger Jacobian takes longer than a test should. The generic case of every
op is below it. Larger cases count as not applicable."""


class Inapplicable(Exception):
    """The reason why a rule cannot be asked about a pair."""


@dataclass(frozen=True)
class Examined:
    """A pair at a point: an op, its case, and the subject whose backward is in question."""

    op: Op
    case: Case
    subject: Subject

    def pair(self, dtype: str, whole_jacobian: bool = False) -> Pair:
        """The pair in a dtype, as peers take it. Raises Inapplicable if the whole Jacobian is asked for and too large."""
        pair = Pair(self.subject, dtype)
        size = sum(a.size for a in (*pair.inputs, *pair.cotangents))
        if whole_jacobian and size > JACOBIAN:
            raise Inapplicable(f"more than {JACOBIAN} entries of inputs and outs")
        return pair


Rule = Callable[[Examined], None]


def results(at: Examined, dtype: str, *, ones: bool = False) -> list[Array]:
    """PyTorch's outs and gradients in dtype, in the order of the subject's `names`. The cotangent is the subject's, or all ones.

    Raises Inapplicable if PyTorch lacks the op, or if a difference of PyTorch is on record there.
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
