"""Programs that JAX has compiled, kept in files while a check goes on.

Outside of jit JAX compiles a loop (`lax.scan`, `lax.while_loop`) anew at each call, and its derivative, too: a check of a
recurrent network spent nine tenths of its time so. With JAX's own cache of compiled programs the program is taken from a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

SLOW = 0.03
"""Seconds of compiling from which on a program is kept. Shorter ones take as long to write."""
SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": SLOW,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


@contextmanager
def kept() -> Iterator[None]:
    """Inside, programs are kept; in the process's own cache, if it has one. Afterwards the settings are as before."""
    import jax

    if jax.config.jax_compilation_cache_dir:
        yield
        return
    new = {"jax_compilation_cache_dir": _folder().name, **SETTINGS}
    before = {name: getattr(jax.config, name) for name in new}
    try:
        _set(new)
        yield
    finally:
        _set(before)


def _set(settings: dict[str, object]) -> None:
    import jax
    from jax.experimental.compilation_cache.compilation_cache import reset_cache

    for name, value in settings.items():
        jax.config.update(name, value)
    reset_cache()  # JAX reads its settings when it compiles for the first time


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Of this process; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="gradwitness-jax-")
