"""The same values in another order of memory: a kernel that takes it for granted reads the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import UserError

ALONE = 6
"""Inputs of which each is laid out in another way alone."""
REFUSED = "the function raised"
"""How a message begins where inputs are not taken at all: nothing wrong comes of that. Where backward raises, it is too late."""
ADVICE = "Call .contiguous() on what arrives, or .reshape instead of .view"
ROUNDINGS = 2.0**10
"""Of the largest element: what kernels for other strides may differ by, where they round otherwise and terms cancel."""


def strides(at: At) -> Iterator[Finding]:
    """Inputs and cotangents transposed, as slices of larger ones, and expanded, if the framework has such tensors.

    One finding for each result, and one for what fails, with the layouts in which it does.
    """
    differing: dict[tuple[str, str], dict[str, Array]] = {}
    failing: dict[tuple[str, str], list[str]] = {}
    random = bool(at.subject.backend.layouts) and at.subject.draws(at.arrays)
    for layout in at.subject.backend.layouts:
        for of, results in (("dout", _of_cotangents), ("inputs", _of_inputs)):
            if of == "inputs" and (layout == "expanded" or random):  # would be other values; other numbers for each element
                continue
            try:
                for name, wrong in results(at, layout):
                    differing.setdefault((name, of), {})[layout] = wrong
            except UserError as error:
                failing.setdefault((of, str(error)), []).append(layout)
    if not random:
        for which in range(min(len(at.arrays), ALONE)) if len(at.arrays) > 1 else ():
            leaf = at.subject.leaves[which].name
            known = {name for name, _ in differing}
            try:
                for name, wrong in _of_inputs(at, "sliced", [which]) if at.subject.backend.layouts else ():
                    if name not in known:
                        differing.setdefault((name, leaf), {})["sliced"] = wrong
            except UserError as error:
                failing.setdefault((leaf, str(error)), []).append("sliced")
    for (of, said), layouts in failing.items():
        whose = "the cotangent" if of == "dout" else of
        message = f"With {whose} {' or '.join(layouts)}: {said}. {ADVICE}"
        yield Finding(f"strides of {of}", "note" if said.startswith(REFUSED) else "wrong", message)
    for (name, of), by_layout in differing.items():
        wrong = next(iter(by_layout.values()))
        whose, cure = ("cotangent", "backward reads") if of == "dout" else (of, "the function reads")
        yield Finding(
            f"{name}, strides of {of}",
            "wrong",
            f"For the same {whose}, {' or '.join(by_layout)} in memory, it has other values: {cure} memory as if it were "
            "contiguous. Call .contiguous() first",
            **elements(wrong),
        )


def _of_cotangents(at: At, layout: str) -> Iterator[tuple[str, Array]]:
    """Names of gradients that differ, and in which elements."""
    backend = at.subject.backend
    douts = [np.full(dout.shape, dout.ravel()[0]) if layout == "expanded" and dout.size else dout for dout in at.douts]
    call = at.call()
    put_back = backend.random_state()  # backward may draw random numbers: the same ones for both
    wanted = at.gradients if layout != "expanded" else at.pulled(call if at.lasting else at.call(), douts)
    put_back()
    before = backend.drawn()
    found = at.shaped(call.pulled([backend.laid_out(tensor, layout) for tensor in call.cotangents(douts)]))
    if backend.drawn() != before:  # rand_like draws in the order of memory: other numbers for each element
        return
    for leaf, one, other, spread in zip(at.subject.leaves, found, wanted, at.spreads, strict=True):
        wrong = _elsewhere(at, one, other, spread)
        if wrong.any():
            yield f"d{leaf.name}", wrong


def _of_inputs(at: At, layout: str, which: Sequence[int] | None = None) -> Iterator[tuple[str, Array]]:
    """Names of outputs and gradients that differ, and in which elements."""
    call = at.call(layout=layout, laid_out=which)
    found = at.pulled(call)
    names = [*at.out_names, *(f"d{leaf.name}" for leaf in at.subject.leaves)]
    results = zip(names, [*call.outs, *found], [*at.outs, *at.gradients], [*at.out_spreads, *at.spreads], strict=True)
    for name, one, other, spread in results:
        wrong = _elsewhere(at, one, other, spread)
        if wrong.any():
            yield name, wrong


def _elsewhere(at: At, one: Array | None, other: Array | None, spread: Array) -> Array:
    """The elements that differ, if one of them does by more than another kernel may round: those for other strides do.

    Numbers that are read from another place are off by as much as they are large.
    """
    wrong = beyond(one, other, spread)
    if one is None or other is None or one.shape != other.shape or not wrong.any():
        return wrong
    with np.errstate(invalid="ignore"):
        largest = float(np.max(np.abs(other), where=np.isfinite(other), initial=0))
        return wrong if not (np.abs(one - other)[wrong] <= ROUNDINGS * at.eps * largest).all() else np.zeros_like(wrong)
