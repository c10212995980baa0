"""What a rule is asked about, and what PyTorch returns for the same inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

import adapters
from conformance.known import Accuracy, known
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


class Undecided(Exception):
    """The reason why a rule, asked about a pair, does not say whether it is right."""


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


def results(at: Examined, dtype: str, *, stored: str = "", ones: bool = False) -> list[Array]:
    """PyTorch's outs and gradients in dtype, in the order of the subject's `names`; those in bfloat16 are returned as float32.

    stored   the dtype that inputs and cotangent are rounded to; the same if not given
    ones     the cotangent is all ones, not the subject's

    Raises Inapplicable if PyTorch lacks the op in that dtype, or if a difference of PyTorch is on record there.
    """
    of_pytorch(at, dtype)
    return list(_results(at.op.name, at.case, at.subject.seed, dtype, stored or dtype, ones))


def of_pytorch(at: Examined, dtype: str) -> Callable[..., Any]:
    """PyTorch's spelling of an op. Raises Inapplicable as `results` does."""
    adapter = adapters.load("torch")
    if why := adapter.missing("ops", at.op.name):
        raise Inapplicable(f"PyTorch: {why}")
    wide = "float32" if dtype == "bfloat16" else dtype  # the matrix has no narrower one
    cell = Cell("op", at.op.name, at.case.id, "torch", wide, "cpu", "eager")
    entry = known(cell)
    accurate = isinstance(entry, Accuracy) and at.case == at.op.cases[0] and not entry.wanted(cell)  # it loses digits elsewhere
    if entry is not None and not accurate:
        raise Inapplicable("PyTorch is on record as different here (conformance/known_differences.toml)")
    spelling: Callable[..., Any] = adapter.ops[at.op.name]
    return spelling


@lru_cache(maxsize=32)
def _results(name: str, case: Case, number: int, dtype: str, stored: str, ones: bool) -> tuple[Array, ...]:
    import torch

    framework, spelling = (adapter := adapters.load("torch")).framework, adapter.ops[name]
    at = stored_in(point(OPS[name], case, number), stored)
    dout = tree_map(np.ones_like, at.cotangent) if ones else at.cotangent
    if ones and at.detached:
        dout = tuple(np.zeros_like(d) if i in at.detached else d for i, d in enumerate(dout))

    def put(array: Array) -> Any:
        tensor = framework.from_numpy(array, device="cpu")
        return tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor

    vjp = framework.vjp(partial(spelling, **tree_map(put, dict(at.static))))
    try:
        out, grads = vjp(tree_map(put, at.inputs), tree_map(put, dout))
    except (RuntimeError, TypeError, NotImplementedError) as error:
        if dtype != "bfloat16":
            raise
        raise Inapplicable("PyTorch does not compute it in bfloat16 here") from error
    return tuple(framework.to_numpy(a.float() if a.dtype == torch.bfloat16 else a) for a in (*leaves(out), *grads))


def stored_in(subject: Subject, dtype: str) -> Subject:
    """A subject with every array of floats rounded to dtype; what bfloat16 holds comes as float32."""
    if dtype != "bfloat16":
        return subject.rounded(dtype)
    narrow = subject.rounded("float32")
    cast: Callable[[Any], Any] = partial(tree_map, to_bfloat16)
    return replace(narrow, inputs=cast(narrow.inputs), static=cast(dict(narrow.static)), dout=cast(narrow.dout))


def to_bfloat16(array: Array) -> Array:
    """The nearest numbers that bfloat16 has, as float32; what is no float stays as it is."""
    import torch

    return torch.from_numpy(np.array(array)).bfloat16().float().numpy() if array.dtype.kind == "f" else array
