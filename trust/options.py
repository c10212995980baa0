"""The options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.extras import require

Scheduler = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="use the workers of a running dask scheduler, such as tcp://host:8786. Start each in a checkout of the same commit: "
        "PYTHONPATH=. python -m dask worker ADDRESS --nthreads 1 --memory-limit 0",
    ),
]
Workers = Annotated[int, typer.Option("--workers", "--processes", min=1, help="processes on this machine; not with --scheduler")]
UpdateDocs = Annotated[
    bool, typer.Option("--update-docs", help="write the figures into docs/trust.md and trust/results; otherwise no file changes")
]


def require_frameworks() -> None:
    """End the program with one sentence unless all three frameworks are installed: the docs hold figures of all of them."""
    require("torch", "torch")
    require("tensorflow", "tensorflow", "keras")
    require("jax", "jax", "optax", "flax")
