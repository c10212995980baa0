"""python -m conformance list: the names that the options take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import adapters
from conformance.matrix import DTYPES, TABLES
from gradwitness import frameworks
from reference import OPS

WIDTH = 110


def names() -> dict[str, dict[str, list[str]]]:
    """Kind -> heading -> names. --op takes those of ops, models, optimizers and training."""
    families = dict.fromkeys(op.family for op in OPS.values())
    return {
        "ops": {family: [name for name, op in OPS.items() if op.family == family] for family in families},
        "models": {"models": list(TABLES["model"])},
        "optimizers": {"optimizers": list(TABLES["optimizer"])},
        "training": {"training runs": list(TABLES["training"])},
        "adapters": {"adapters": list(adapters.NAMES)},
        "modes": {f"modes of {name}": list(frameworks.spec_of(name).modes) for name in adapters.NAMES},
        "dtypes": {"dtypes": list(DTYPES)},
        "devices": {"devices": list(dict.fromkeys(d for name in adapters.NAMES for d in frameworks.spec_of(name).devices))},
    }


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("list", help="the names of ops, models, optimizers, training runs, adapters, modes, ...")
    parser.add_argument("kind", nargs="?", choices=names(), metavar="KIND", help=f"one of {', '.join(names())}; all by default")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Print the names of a kind, or of all."""
    for kind, headings in names().items():
        if asked.kind in (None, kind):
            for heading, found in headings.items():
                sys.stdout.write("\n".join([f"{heading} ({len(found)})", *_lines(found)]) + "\n")


def _lines(words: list[str]) -> Iterator[str]:
    line = " "
    for word in words:
        if len(line) + len(word) > WIDTH:
            yield line
            line = " "
        line += f" {word}"
    yield line
