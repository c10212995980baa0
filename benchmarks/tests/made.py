"""A small result, made by hand, for tests that read one."""

from __future__ import annotations

from typing import Any

from benchmarks.store import Bandwidth, Cell, Control, Limits, Machine, Product, Result


def cell(**changes: Any) -> Cell:
    """A cell of mlp, with some fields changed."""
    told: dict[str, Any] = {
        "model": "mlp", "sweep": "width", "number": 128, "size": "64x64x128", "phase": "step", "framework": "numpy",
        "mode": "eager", "device": "cpu", "precision": "float32", "threads": 1, "rounds": [1e-3, 1.1e-3, 1.2e-3],
        "median": 1.1e-3, "low": 1e-3, "high": 1.2e-3, "warm": 3, "first_s": 0.01, "flops": 1000, "bytes": 4000,
    }  # fmt: skip
    return Cell(**(told | changes))


def result(**changes: Any) -> Result:
    """A result of two cells, with some fields changed."""
    told: dict[str, Any] = {
        "machine": Machine("Some CPU @ 2.5GHz", 2, 7.8, "Linux"),
        "commit": "0123456789abcdef", "dirty": False,
        "started": "2026-01-02T03:04:05+00:00", "finished": "2026-01-02T03:05:05+00:00",
        "versions": {"python": "3.11.0", "numpy": "2.4.0"}, "choice": "quick",
        "limits": Limits([Product(1, "float32", 50.0, 49.0, 51.0)], [Bandwidth(1, 10.0)]),
        "control": Control(1.0, 0.99, 1.01, trusted=True),
        "cells": [cell(), cell(framework="jax", mode="jit", compile_s=0.2)],
        "notes": ["a note"], "not_run": {"tensorflow-graph-cpu": "not installed"},
    }  # fmt: skip
    return Result(**(told | changes))
