"""What a failed cell says: who disagrees with whom, by how much, who is the odd one out, what to do, and how to see it again."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from conformance.matrix import Cell
from gradwitness.verdict import Disagreement, K
from gradwitness.witnesses import OddOneOut, witnesses

ROOT = Path(__file__).parent.parent


def where(cell: Cell) -> str:
    """The cell in words."""
    return f"{cell.name} / {cell.case_id} on {cell.adapter}, {cell.dtype}, {cell.device}, {cell.mode}"


def replay(nodeid: str) -> str:
    """The command that runs one test alone."""
    return f'replay: python -m pytest "{nodeid}"'


def disagreement(cell: Cell, found: Disagreement, evidence: Any) -> str:
    """The three witnesses of the worst element, and what the odd one out suggests to do."""
    seen = witnesses(found, evidence)
    if seen is None:
        return f"{found}\n{_advice(cell, 'framework')}"
    at = f"[{', '.join(map(str, found.index))}]" if found.index else ""
    wrong, total = found.count
    return "\n".join(
        [
            f"{found.gradient}{at}: {cell.adapter} and the reference disagree, in {wrong} of {total} elements",
            str(seen),
            f"  distance    {found.ratio:.3g} units of rounding spread; {K:g} are allowed, here {found.allowance:.3g}",
            _advice(cell, seen.odd_one_out),
        ]
    )


def how_to_record(cell: Cell) -> str:
    """What to do about a fault of the framework itself."""
    options = f"--adapter {cell.adapter} --op {cell.name} --dtype {cell.dtype} --device {cell.device} --mode {cell.mode}"
    return (
        f"If the fault is {cell.adapter}'s own, record it in conformance/known_differences.toml; this prints the entry:\n"
        f"  python -m conformance known {options}"
    )


def _advice(cell: Cell, odd_one_out: OddOneOut) -> str:
    ours = f"Look at {_source(cell)}."
    theirs = f"Look at {cell.name} in adapters/{cell.adapter}. {how_to_record(cell)}"
    return {"reference": ours, "framework": theirs, "cannot tell": f"{ours} {theirs}"}[odd_one_out]


def _source(cell: Cell) -> str:
    """The file of the reference that a cell runs."""
    subject: Any = getattr(cell.subject, "op", cell.subject)  # a recipe trains a model
    file = Path(inspect.getsourcefile(getattr(subject, "step", None) or subject.forward) or "reference").resolve()
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
