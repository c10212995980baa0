"""Second derivatives and forward mode of an adapter's spelling, at the generic case of an op, in float64.

The second derivative is held against differences of the gradient, which the matrix has confirmed; forward mode against backward.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import adapters
from conformance.known import seconds
from conformance.records import Second
from conformance.run import subject
from gradwitness.functions.at import At
from gradwitness.functions.second import second
from gradwitness.functions.transforms import forward_mode
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.subjects.pair import tree_map
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors import origins
from gradwitness.subjects.tensors.function import Differentiated
from reference import Op


def findings(op: Op, adapter: str) -> list[Finding]:
    """What is found about each second derivative, and about forward mode."""
    at = subject(op, op.cases[0])
    loaded = adapters.load(adapter)
    tensors = origins.load(adapter)
    with tensors.reproducible():
        inputs = tuple(tree_map(loaded.framework.from_numpy, at.inputs))
        static = tree_map(loaded.framework.from_numpy, dict(at.static))
        function = Differentiated(tensors, loaded.ops[op.name], inputs, static, wrt=range(len(inputs)))
        point = At(function, [leaf.array.astype("float64") for leaf in function.leaves], at.seed)
        return [*second(point, State()), *forward_mode(point)]


def unrecorded(op: Op, adapter: str, found: Sequence[Finding]) -> list[str]:
    """What is wrong and not on record, or on record and not wrong any more, or wrong by another value."""
    records = {record.about: record for record in seconds() if (record.adapter, record.op) == (adapter, op.name)}
    wrong = {finding.about: finding for finding in found if finding.verdict in FAULTS}
    new = [f"{about} is wrong, and not on record:\n{entry(op, adapter, wrong[about])}" for about in wrong if about not in records]
    gone = [f"{about} is on record as wrong, and is not: remove the entry" for about in records if about not in wrong]
    changed = [_changed(record, wrong[about]) for about, record in records.items() if about in wrong]
    return [*new, *gone, *filter(None, changed)]


def _changed(record: Second, finding: Finding) -> str:
    """What differs from the record; empty where nothing does. The allowance of the finding says what is the same."""
    if finding.got is None or not np.isfinite(record.got):  # it was seen along directions, and in no single element
        return "" if finding.got is None and not np.isfinite(record.got) else f"{record.about} is wrong elsewhere than recorded"
    if finding.index == record.index and abs(float(finding.got) - record.got) <= finding.allowance:
        return ""
    recorded = f"{record.got} at {record.index}"
    return f"{record.about} is wrong, but by another value: {finding.got} at {finding.index}; recorded {recorded}"


def entry(op: Op, adapter: str, finding: Finding) -> str:
    """The entry that records a finding; reason, status and link are yours."""
    got, truth = (float("nan") if value is None else float(value) for value in (finding.got, finding.truth))
    lines = [
        "[[second]]",
        f'adapter = "{adapter}"',
        f'op = "{op.name}"',
        'mode = ["eager"]',
        'device = ["cpu"]',
        f'about = "{finding.about}"',
        f"index = {list(finding.index)}",
        f"got = {got!r}",
        f"truth = {truth!r}",
        'reason = ""',
        'status = "new"',
    ]
    return "\n".join(lines)
