"""What belongs to the caller and is overwritten: inputs, cotangents, gradients that were handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.tensors.backend import Backend


def overwritten(at: At) -> Iterator[Finding]:
    """Inputs and cotangents are what they were, after forward and after backward."""
    subject, backend = at.subject, at.subject.backend
    values = [subject.tensor(i, array, at.precision) for i, array in enumerate(at.arrays)]
    before = [backend.array(value) for value in values]
    call = subject.on(values, at.precision)
    between = _now(backend, values, before)
    yield from _changed("forward", [leaf.name for leaf in subject.leaves], before, between)
    cotangents = call.cotangents(at.douts)
    passed = [backend.array(value) for value in cotangents]
    at.repeated.append((call.outs, at.shaped(call.pulled(cotangents))))
    yield from _changed("backward", [leaf.name for leaf in subject.leaves], between, _now(backend, values, between))
    names = ["dout"] if len(passed) == 1 else [f"d{name}" for name in call.out_names]
    yield from _changed("backward", names, passed, [backend.array(value) for value in cotangents])


def _now(backend: Backend, values: Sequence[Any], before: Sequence[Array]) -> list[Array]:
    """The values of tensors. One that was donated in JAX is gone: nobody can read what it is overwritten with."""
    gone = [getattr(value, "is_deleted", bool)() for value in values]
    return [was if lost else backend.array(value) for value, was, lost in zip(values, before, gone, strict=True)]


def _changed(who: str, names: Sequence[str], before: Sequence[Array], after: Sequence[Array]) -> Iterator[Finding]:
    for name, was, now in zip(names, before, after, strict=True):
        changed = ~((was == now) | (np.isnan(was) & np.isnan(now)))
        if changed.any():
            yield Finding(
                name,
                "wrong",
                f"{who} overwrites {name}, which belongs to the caller: in a network, whatever comes before it computes with "
                "wrong values. Write into a copy",
                **elements(changed),
            )


def written_again(at: At, active: Sequence[int], handed: Sequence[Any], before: Sequence[Array | None]) -> Iterator[Finding]:
    """Gradients that were handed over are what they were, after other calls."""
    for which, gradient in zip(active, handed, strict=True):
        was = before[which]
        if gradient is not None and was is not None and was.shape == at.subject.backend.array(gradient).shape:
            changed = ~np.equal(was, at.subject.backend.array(gradient)) & np.isfinite(was)
            if changed.any():
                name = f"d{at.subject.leaves[which].name}"
                message = (
                    f"A later call overwrites the {name} that an earlier one returned: backward hands over memory that it keeps. "
                    "Where a network uses the function twice, one gradient is lost. Return a new tensor"
                )
                yield Finding(f"{name}, kept", "wrong", message, **elements(changed))
