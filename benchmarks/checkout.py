"""Which code ran, and where: for a result, and for the journal of a run that goes on."""

from __future__ import annotations

import hashlib
import os
import subprocess

from benchmarks.store import ROOT, Machine
from conformance.machine import describe_machine


def commit() -> str:
    """The commit of the checkout; "unknown" outside of git."""
    return _git("rev-parse", "HEAD").strip() or "unknown"


def changes() -> str:
    """A digest of what tracked files have beyond the commit; "" where they have nothing."""
    difference = _git("diff", "HEAD")
    return hashlib.sha256(difference.encode()).hexdigest() if difference else ""


def machine(devices: list[str] | None = None) -> Machine:
    """The machine that runs this."""
    told = describe_machine()
    return Machine(told["processor"], processors(), told["memory_gib"], told["system"], devices or [])


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607  whichever git
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
