"""Not everything is used: one output alone, and one input alone that needs a gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.functions.at import At
from gradwitness.functions.faults.compared import compared
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import UserError

LOOK = "look at needs_input_grad"
ALONE = 8
"""Leaves of which each is differentiated alone."""
INSIDE = "does not require grad"
"""What PyTorch says where the function itself differentiates for an input that needs no gradient, as a gradient penalty does."""


def outputs_alone(at: At) -> Iterator[Finding]:
    """Outputs that nobody uses: their cotangents are None or zeros, and the rest is as it is."""
    if len(at.outs) < 2:
        return
    for kept, name in enumerate(at.out_names):
        zeros = [dout if i == kept else np.zeros(dout.shape) for i, dout in enumerate(at.douts)]
        none = [dout if i == kept else None for i, dout in enumerate(at.douts)]
        wanted = at.pulled(at.call(), zeros)
        try:
            found = at.pulled(at.call(), none)
        except UserError as error:
            yield Finding(f"{name} alone", "wrong", f"Backward fails where only {name} is used: {error}. Cotangents may be None")
            return
        message = f"Where only {name} is used, and the cotangents of the others are None, there is another {{}}"
        yield from compared(at, f"{name} alone", found, message, wanted)


def inputs_alone(at: At) -> Iterator[Finding]:
    """One input needs a gradient, and the others do not."""
    if len(at.arrays) < 2 or not at.subject.operations.rules:
        return
    for which in range(min(len(at.arrays), ALONE)):
        name = at.subject.leaves[which].name
        if at.gradients[which] is None and at.subject.lost(which):
            continue  # this is told
        try:
            found = at.pulled(at.call(only=[which]))
        except UserError as error:
            if INSIDE in str(error):
                continue
            yield Finding(f"d{name} alone", "wrong", f"It fails where {name} alone needs a gradient: {error}")
            return
        wrong = at.differs(which, found[which])
        if wrong.any():
            other = (
                f"another one: {LOOK}" if found[which] is not None else f"none: {LOOK}, and at use_reentrant=True of checkpoints"
            )
            message = f"Where {name} alone needs a gradient there is {other}"
            yield Finding(f"d{name} alone", "wrong", message, **elements(wrong))
