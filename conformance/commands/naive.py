"""python -m conformance naive: what copied settings lead to, as conformance/naive_settings.toml records it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from conformance.naive import TRAPS, Naive
from conformance.path import Path
from gradwitness.arrays import Array
from gradwitness.verdict import Disagreement

HEAD = """\
# What copied settings lead to, in float64 (torch 2.13.0, keras 3.15.1, jax 0.10.2): the element furthest off, in units of
# rounding spread, and `share`, the distance after the last step as a share of the way from the first.
# `python -m conformance naive` prints this.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("naive", help="print conformance/naive_settings.toml anew: what copied settings lead to")
    parser.set_defaults(run=run)


def run(_asked: argparse.Namespace) -> None:
    """Print the file. Raises SystemExit for copied settings that agree: they do not belong there."""
    sys.stdout.write(HEAD)
    for trap in TRAPS:
        path, results = trap.run()
        try:
            path.judge(results)
        except Disagreement as disagreement:
            sys.stdout.write(_entry(trap, disagreement, share(path, results)))
        else:
            raise SystemExit(f"{trap} agrees")


def _entry(trap: Naive, disagreement: Disagreement, distance: float) -> str:
    text = f'\n[[naive]]\nadapter = "{trap.adapter}"\noptimizer = "{trap.optimizer}"\ncase = "{trap.case}"\n'
    if trap.native:
        text += f'native = "{trap.native}"\n'
    if trap.left_out:
        text += f"left_out = {list(trap.left_out)}\n".replace("'", '"')
    return text + (
        f'measured = {{ gradient = "param", index = {list(disagreement.index)}, got = {float(disagreement.actual)!r}, '
        f"truth = {float(disagreement.low)!r}, ratio = {disagreement.ratio:.3g}, share = {distance:.2g} }}\n"
    )


def share(path: Path, results: list[Array]) -> float:
    """The distance after the last step, as a share of the way from the first step on."""
    truth, (result, *_) = path.measured[0].truth, results
    return float(np.linalg.norm((result[-1] - truth[-1]).astype(float)) / np.linalg.norm((truth[-1] - truth[0]).astype(float)))
