"""Gradwitness as a rule among others: each of its witnesses by itself, asked as its users would ask."""

from __future__ import annotations

from functools import partial

from gradwitness.derivative.oracle import check_subject
from gradwitness.evidence import Evidence
from trust.peers.examined import Examined, Rule, results


def numerically(at: Examined) -> None:
    """Without any framework: numerical differentiation with an error bar."""
    check_subject(at.subject)


def against_torch(at: Examined, *, dtype: str) -> None:
    """With one framework and no numerical differentiation: PyTorch within what rounding explains."""
    Evidence.of(at.subject, dtype).judge(results(at, dtype))


OURS: dict[str, Rule] = {
    "Gradwitness, numerically": numerically,
    "Gradwitness, PyTorch float64": partial(against_torch, dtype="float64"),
    "Gradwitness, PyTorch float32": partial(against_torch, dtype="float32"),
}
