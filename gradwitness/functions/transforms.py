"""Other transformations of a function than backward: forward mode, vmap."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import FACTORS, At, beyond, cotangent
from gradwitness.judging.matrices import kinds_of
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import first_line
from gradwitness.verdict import K

UNTOLD = "It is held against backward, which {}: mend that first"


def forward_mode(at: At, restricted: Collection[str] = (), wrong: Collection[str] = ()) -> Iterator[Finding]:
    """<J v, w> = <v, J^T w>, with J v from forward mode and J^T w from backward, which differences have confirmed.

    restricted   gradients that were confirmed for one kind of matrices alone: these stay of their kind
    wrong        gradients that were not confirmed: they tell nothing about forward mode
    """
    subject, backend = at.subject, at.subject.backend
    values = [subject.tensor(i, array, at.precision) for i, array in enumerate(at.arrays)]
    running = subject.running(values, at.precision, range(len(values)))
    parts = [_size(array) * cotangent(at.rng, array.shape) for array in at.arrays]
    for which, leaf in enumerate(subject.leaves):
        for kind in kinds_of(leaf.array, leaf.pairs) if f"d{leaf.name}" in restricted else ():
            parts[which] = kind.part(parts[which], leaf.pairs)

    def tangents_of(factor: float) -> list[Array]:
        at.calls += 1
        given = [backend.tensor(factor * v, value, backend.dtype(value)) for v, value in zip(parts, values, strict=True)]
        with _quietly():
            return [backend.array(tangent) / factor for tangent in backend.jvp(running, values, given)]

    def along(found: Sequence[Array]) -> float:
        return sum((float(np.sum(t * d)) for t, d in zip(found, at.douts, strict=True)), 0.0)

    try:
        found = tangents_of(1.0)
    except Exception as error:
        yield Finding("forward mode", "note", f"It has none: {type(error).__name__}: {first_line(str(error))}")
        return
    if wrong:
        yield Finding("forward mode", "note", UNTOLD.format("is wrong"))
        return
    forward = along(found)
    terms = [v * g for v, g in zip(parts, at.gradients, strict=True) if g is not None]
    backward = sum((float(np.sum(term)) for term in terms), 0.0)
    room = sum((float(np.sum(np.square(v * s))) for v, s in zip(parts, at.spreads, strict=True)), 0.0)
    sizes = sum((float(np.sum(np.abs(t * d))) for t, d in zip(found, at.douts, strict=True)), 0.0)
    allowed = K * (np.sqrt(room) + at.eps * (sizes + sum(float(np.sum(np.abs(term))) for term in terms)))
    allowed += sum(at.negligible(which) * float(np.max(np.abs(v), initial=0)) for which, v in enumerate(parts))
    if abs(forward - backward) > allowed:  # terms that cancel round otherwise for other tangents
        rounded = max(abs(along(tangents_of(factor)) - forward) for factor in FACTORS)
        allowed += K * rounded if rounded <= np.sqrt(at.eps) * _reach(parts, at.douts) else 0.0
    if abs(forward - backward) <= allowed:
        yield Finding("forward mode", "right", "", sight=float(allowed / (abs(backward) or 1)))
        return
    if not np.isfinite(backward):
        yield Finding("forward mode", "cannot tell", UNTOLD.format("gives nan or inf here"))
        return
    message = "<J v, w> from forward mode is not <v, J^T w> from backward. The rule for forward mode is wrong"
    yield Finding(
        "forward mode",
        "wrong",
        message,
        got=forward,
        truth=backward,
        distance=abs(forward - backward),
        allowance=allowed,
        wrong=1,
        of=1,
    )


def _reach(parts: Sequence[Array], douts: Sequence[Array]) -> float:
    """What <J v, w> may come to where J has elements of 1."""
    return float(np.sqrt(sum(np.sum(np.square(v)) for v in parts) * sum(np.sum(np.square(d)) for d in douts)))


ROWS = 3
"""Rows of a batch."""


def batched(at: At) -> Iterator[Finding]:
    """vmap over a batch of inputs against a loop."""
    subject, backend = at.subject, at.subject.backend
    rows = [at.arrays, *([_beside(array, at.rng) for array in at.arrays] for _ in range(ROWS - 1))]
    running = subject.running(
        [subject.tensor(i, a, at.precision) for i, a in enumerate(at.arrays)], at.precision, range(len(at.arrays))
    )
    stacked = [subject.tensor(i, np.stack([row[i] for row in rows]), at.precision) for i in range(len(at.arrays))]
    function: Callable[..., Any] = backend.vmapped(lambda *leaves: tuple(running(leaves)))
    try:
        with _quietly():
            found = [backend.array(out) for out in function(*stacked)]
    except Exception as error:
        yield Finding("vmap", "note", f"It cannot be mapped: {type(error).__name__}: {first_line(str(error))}")
        return
    at.calls += 1 + ROWS
    for number, row in enumerate(rows):
        for i, (name, out) in enumerate(zip(at.out_names, at.call(row).outs, strict=True)):
            wrong = beyond(found[i][number], out, at.out_spreads[i] + at.eps * np.abs(out))
            if wrong.any():
                yield Finding(
                    f"{name}, vmap",
                    "wrong",
                    f"Row {number} of a batch differs from a call with that row alone",
                    **elements(wrong),
                )
                return
    yield Finding("vmap", "right", "")


@contextmanager
def _quietly() -> Iterator[None]:
    """What a framework warns of while it transforms a function is no error, whatever the process makes of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _beside(array: Array, rng: np.random.Generator) -> Array:
    return np.asarray(array + _size(array) * rng.normal(size=array.shape) / 8)


def _size(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array)))) if array.any() else 1.0
