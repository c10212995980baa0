"""The options that several commands have."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from conformance.distributed import SCHEDULER_HELP
from conformance.extras import require

Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help=SCHEDULER_HELP)]
PROCESSORS = os.cpu_count() or 1
Workers = Annotated[int, typer.Option("--workers", "--processes", min=1, help="processes on this machine; not with --scheduler")]
UpdateDocs = Annotated[
    bool, typer.Option("--update-docs", help="write the figures into docs/trust.md and trust/results; otherwise no file changes")
]


def require_frameworks() -> None:
    """End the program with one sentence unless all three frameworks are installed: the docs hold figures of all of them."""
    require("torch", "torch")
    require("tensorflow", "tensorflow", "keras")
    require("jax", "jax", "optax", "flax")
