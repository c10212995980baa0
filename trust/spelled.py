"""What PyTorch returns for a subject, whoever's backward is in question: computed once for a point."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

import adapters
from gradwitness.arithmetic import Array
from gradwitness.subject import Subject, leaves, tree_map
from reference import OPS, Case
from tests.known import known
from tests.matrix import Cell


class Inapplicable(Exception):
    """A rule cannot be asked about a pair, and why."""


def gradients(name: str, case: Case, at: Subject, dtype: str, *, ones: bool = False) -> list[Array]:
    """PyTorch's gradients of an op in dtype, in the order of its arguments; with `ones` for the cotangent, or the subject's own.

    Raises Inapplicable as `results` does.
    """
    return results(name, case, at, dtype, ones=ones)[-len(at.gradients) :]


def results(name: str, case: Case, at: Subject, dtype: str, *, ones: bool = False) -> list[Array]:
    """The same after the outs: what a subject's `names` say.

    Raises Inapplicable where PyTorch has no such op, or is on record as computing another function or gradient there.
    """
    adapter = adapters.load("torch")
    if why := adapter.missing.get(name):
        raise Inapplicable(f"PyTorch: {why}")
    if known(Cell("op", name, case.id, "torch", dtype, "cpu", "eager")) is not None:
        raise Inapplicable("PyTorch is on record as different here (adapters/known_differences.toml)")
    return list(_results(name, case, at.seed, dtype, ones))


@lru_cache(maxsize=32)
def _results(name: str, case: Case, number: int, dtype: str, ones: bool) -> tuple[Array, ...]:
    framework, spelling = (adapter := adapters.load("torch")).framework, adapter.ops[name]
    at = point(name, case, number).rounded(dtype)
    dout = tree_map(np.ones_like, at.cotangent) if ones else at.cotangent
    if ones and at.detached:
        dout = tuple(np.zeros_like(d) if i in at.detached else d for i, d in enumerate(dout))
    put = partial(framework.from_numpy, device="cpu")
    out, grads = framework.vjp(partial(spelling, **tree_map(put, dict(at.static))))(tree_map(put, at.inputs), tree_map(put, dout))
    return tuple(framework.to_numpy(a) for a in (*leaves(out), *grads))


def point(name: str, case: Case, number: int, **changes: Any) -> Subject:
    """A case of an op at the inputs that belong to a seed; changes to the subject by keyword, such as another backward."""
    op = OPS[name]
    inputs = case.inputs(np.random.default_rng(number))
    return replace(Subject(op.forward, op.backward, inputs, case.attrs, number, case.kink, case.zero, op.detached), **changes)
