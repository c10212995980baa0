"""Where trust/ keeps things, and the environment of its workers."""

from __future__ import annotations

from pathlib import Path

ROOM = Path(__file__).parent
ROOT = ROOM.parent
RESULTS = ROOM / "results"
"""Summaries under version control. docs/trust.md is written from them."""
PAGE = ROOT / "docs" / "trust.md"
PLOT = ROOT / "docs" / "sensitivity.png"
FOLDER = ROOT / ".trust"
"""Journals of runs. Git ignores them."""
ENVIRONMENT = {
    "JAX_COMPILATION_CACHE_DIR": str(FOLDER / "jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Read by frameworks when they are imported. JAX takes a program that another process or run has compiled from a file
(conformance/session.py says why); TensorFlow prints errors only."""
