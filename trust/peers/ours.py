"""Gradwitness as a rule among those of peers: each of its witnesses alone, called as users would call it."""

from __future__ import annotations

from functools import partial

from gradwitness.derivative.oracle import check_subject
from gradwitness.evidence import Evidence
from trust.peers.examined import Examined, Rule, results


def numerically(at: Examined) -> None:
    """Numerical differentiation with an error bar. No framework."""
    check_subject(at.subject)


def against_torch(at: Examined, *, dtype: str) -> None:
    """PyTorch, within what rounding explains. No numerical differentiation."""
    Evidence.of(at.subject, dtype).judge(results(at, dtype))


OURS: dict[str, Rule] = {
    "Gradwitness, numerically": numerically,
    "Gradwitness, PyTorch float64": partial(against_torch, dtype="float64"),
    "Gradwitness, PyTorch float32": partial(against_torch, dtype="float32"),
}
