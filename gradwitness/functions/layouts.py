"""The same values in another order of memory: a kernel that takes it for granted reads the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.functions.at import At, beyond
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import UserError


def strides(at: At) -> Iterator[Finding]:
    """Inputs and cotangents transposed, as slices of larger ones, and expanded, if the framework has such tensors."""
    backend = at.subject.backend
    for layout in backend.layouts:
        yield from _of_cotangents(at, layout)
        if layout != "expanded":  # would be other values
            yield from _of_inputs(at, layout)


def _of_cotangents(at: At, layout: str) -> Iterator[Finding]:
    backend, call = at.subject.backend, at.call()
    douts = [np.full(dout.shape, dout.ravel()[0]) if layout == "expanded" and dout.size else dout for dout in at.douts]
    plain = call.cotangents(douts)
    about = f"strides of dout: {layout}"
    try:
        wanted = call.pulled(plain) if layout == "expanded" else at.gradients
        found = call.pulled([backend.laid_out(tensor, layout) for tensor in plain])
    except UserError as error:
        yield Finding(about, "wrong", f"{error}. Call .contiguous() on what arrives, or .reshape instead of .view")
        return
    for leaf, one, other, spread in zip(at.subject.leaves, found, wanted, at.spreads, strict=True):
        wrong = beyond(one, other, spread)
        if wrong.any():
            yield Finding(
                f"d{leaf.name}, {about}",
                "wrong",
                f"For the same cotangent, {layout}, it has other values: backward reads memory as if it were contiguous. Call "
                "grad_output.contiguous() first",
                wrong=int(wrong.sum()),
                of=wrong.size,
            )


def _of_inputs(at: At, layout: str) -> Iterator[Finding]:
    about = f"strides of inputs: {layout}"
    try:
        call = at.call(layout=layout)
        found = at.pulled(call)
    except UserError as error:
        yield Finding(about, "wrong", f"{error}. Call .contiguous() on what arrives, or .reshape instead of .view")
        return
    names = [*at.out_names, *(f"d{leaf.name}" for leaf in at.subject.leaves)]
    results = zip(names, [*call.outs, *found], [*at.outs, *at.gradients], [*at.out_spreads, *at.spreads], strict=True)
    for name, one, other, spread in results:
        wrong = beyond(one, other, spread)
        if wrong.any():
            yield Finding(
                f"{name}, {about}",
                "wrong",
                f"For the same inputs, {layout}, it has other values: memory is read as if it were contiguous. Call "
                ".contiguous() first",
                wrong=int(wrong.sum()),
                of=wrong.size,
            )
