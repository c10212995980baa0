"""What a process of the matrix lets go of, so that it stays small: evidence, compiled programs, freed memory.

JAX keeps 1.5 MB for each program that it has compiled, and eager JAX compiles one for every primitive and shape: 300 MB for an
op, 750 MB for one run of the ResNet. Clearing JAX's caches frees that memory, but malloc does not return the pages to the system
by itself.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from conformance import run, training
from conformance.library_pages import drop_library_pages

KEPT: tuple[Any, ...] = (
    run.evidence, run.kept, run.model_evidence, run.built, run.optimizer_path, run.optimization_kept, training.trajectory,
)  # fmt: skip
"""Functions that keep results for the neighbouring cells of one op."""
GROWTH = 32 * 2**20
"""Bytes by which a process may grow before it releases what was compiled."""
LIBRARIES = 160 * 2**20
"""Bytes of libraries that a process keeps in memory; see library_pages.py."""
PROGRAMS = 32
"""Programs that JAX may compile, or read from disk, before its caches are cleared: also in the middle of a test."""
_COMPILED = "/jax/core/compile/backend_compile_duration"
_size_after = [0]
_compiled, _cleared = [0], [0]
"""Programs since the caches were cleared, and how often that was, since the last release."""


def forget() -> None:
    """Drop what is kept for one op, model, optimizer or training run."""
    for kept in KEPT:
        kept.cache_clear()


def release() -> None:
    """Drop what frameworks have compiled, and return free memory to the system. Nothing is imported for it."""
    if jax := sys.modules.get("jax"):  # None marks a module that cannot be imported
        _watch_jax()
        jax.clear_caches()
        _compiled[0] = _cleared[0] = 0
    if dynamo := sys.modules.get("torch._dynamo"):
        dynamo.reset()
    gc.collect()
    _trim()()
    _size_after[0] = size()


@cache
def _watch_jax() -> None:
    """Clear JAX's caches after so many programs. The programs of an eager run are done with as soon as they have run.

    A training run needs its programs again in every step: with every second time the number that is kept doubles.
    """
    jax = sys.modules["jax"]

    def clear(event: str, _seconds: float, **_: Any) -> None:
        if event != _COMPILED:
            return
        _compiled[0] += 1
        if _compiled[0] >= PROGRAMS * 2 ** (_cleared[0] // 2):
            _compiled[0] = 0
            _cleared[0] += 1
            jax.clear_caches()
            _trim()()

    jax.monitoring.register_event_duration_secs_listener(clear)


def trim_libraries() -> None:
    """Give back the pages of libraries where there are many. It takes a fifth of a second."""
    if files() > LIBRARIES:
        drop_library_pages()


def grown() -> bool:
    """Whether the process has grown by more than GROWTH since the last release."""
    return size() > _size_after[0] + GROWTH


def size() -> int:
    """Bytes of memory that the process has for itself, without files that it maps; 0 where /proc does not say it."""
    resident, shared = _pages()
    return resident - shared


def files() -> int:
    """Bytes of files that the process maps and has in memory: pages of libraries."""
    return _pages()[1]


def _pages() -> tuple[int, int]:
    statm = Path("/proc/self/statm")
    fields = statm.read_text().split() if statm.exists() else ["0", "0", "0"]
    resident, shared = (int(field) * os.sysconf("SC_PAGE_SIZE") for field in fields[1:3])
    return resident, shared


@cache
def _trim() -> Callable[[], Any]:
    """glibc's malloc_trim, which returns free pages to the system. Other C libraries have none, and get a function that does
    nothing.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    return (lambda: None) if trim is None else (lambda: trim(0))
