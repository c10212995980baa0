"""What JAX compiles is kept on disk for the whole suite, and dropped from memory before that grows (conformance/release.py).

Eager JAX compiles every primitive for every new shape: over the eager cells of the ops, dropped after each op, 16,400 programs
of 26 ms each, three quarters of JAX's processor time. 10,300 of them are distinct: ops share shapes.

This stands here and not in the root: benchmarks report what compiling takes, and must compile.

Hypothesis has two profiles here: `ci`, the default, draws the same few points every time; `--hypothesis-profile soak` draws many,
and others in every run.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from typing import Any

import pytest

from conformance import release
from conformance.matrix import Cell

if importlib.util.find_spec("hypothesis"):  # the reference is tested with NumPy and pytest alone, too
    from hypothesis import Phase, settings

    # No deadline: the first example imports a framework. No database: what fails is printed as a case, which is kept for good.
    common: dict[str, Any] = {
        "deadline": None,
        "database": None,
        "phases": [Phase.generate, Phase.shrink],
        "report_multiple_bugs": False,
    }
    settings.register_profile("ci", derandomize=True, max_examples=8, **common)
    settings.register_profile("soak", derandomize=False, max_examples=200, **common)
    settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """JAX's own persistent cache, in pytest's cache directory (`--cache-clear` empties it).

    JAX finds a program by its text, jaxlib's version, XLA's flags and the device's topology, and takes what was compiled then:
    over all 1450 eager cells the results without the cache, filling it and from it are the same to the last bit, in 564, 435
    and 149 seconds of processor time, memory cleared after each op in all three. (XLA without its fusion emitters is faster
    too, and differs in 39 of 718 cells.)
    """
    if config.pluginmanager.hasplugin("cacheprovider") and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        # By environment, which JAX reads when it is imported: a run that asks for no JAX need not import it.
        os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache_folder(config)
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"  # a program takes milliseconds; there are thousands
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
        os.environ["JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES"] = "none"  # programs only, no tuning results of a GPU
    # In a checkout that cannot be written to, pytest keeps nothing of the run and says so; that is no reason to fail.
    config.addinivalue_line("filterwarnings", "ignore:could not create cache path:pytest.PytestCacheWarning")
    # JAX writes an entry in place: a worker may meet one that another is about to finish, says so and compiles.
    config.addinivalue_line("filterwarnings", "ignore:Error reading persistent compilation cache entry:UserWarning")


def _cache_folder(config: pytest.Config) -> str:
    """A folder in pytest's cache directory; a temporary one for this run where that directory cannot be written to."""
    try:
        return str(config.cache.mkdir("jax"))
    except OSError:
        folder = tempfile.TemporaryDirectory(prefix="gradwitness-jax-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        return folder.name


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Keep the process small: see conformance/release.py."""
    if _subject(item) != _subject(nextitem):
        release.forget()
    if release.grown():
        release.release()
    release.trim_libraries()


def _subject(item: pytest.Item | None) -> str:
    """The op, model, optimizer or training run of a test of cells; "" for other tests."""
    params = item.callspec.params.values() if item is not None and hasattr(item, "callspec") else ()
    return next((f"{value.kind} {value.name}" for value in params if isinstance(value, Cell)), "")
