"""The same number of threads for every library: set before it is imported, set after, held by the kernel; and what was used."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TOLERANCE = 1.1
"""The most CPU seconds that a timing may show for each second and thread. The two clocks are not read at the same instant."""


VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
    # XLA has no documented variable; its CPU client takes the size of its pool from these before it counts processors.
    "PJRT_NPROC", "NPROC",
)  # fmt: skip
"""What libraries read when they are loaded."""


def set_environment(count: int) -> None:
    """Set `VARIABLES`. NumPy's BLAS is loaded already: see `limit_loaded`."""
    os.environ.update(dict.fromkeys(VARIABLES, str(count)))
    # Three frameworks share one GPU: none may take all of its memory at the start.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


@contextmanager
def pinned(count: int) -> Iterator[list[int]]:
    """Hold every thread of this process, and those that they start, on `count` processors. Yields their numbers.

    A library that ignores its settings then gets slower; it gets no more processors.
    """
    if not hasattr(os, "sched_setaffinity"):  # macOS, Windows
        yield []
        return
    before = os.sched_getaffinity(0)
    chosen = _quietest(before, count)
    _move(chosen)
    try:
        yield chosen
    finally:
        _move(before)


def _quietest(processors: Iterable[int], count: int) -> list[int]:
    """The processors that are idle longest in half a second. Of equal ones the last, because the first serve interrupts."""
    before = _idle()
    time.sleep(0.5)
    after = _idle()
    return sorted(sorted(processors, key=lambda number: after.get(number, 0) - before.get(number, 0))[-count:])


def _idle() -> dict[int, int]:
    """Processor -> ticks without work since it was started."""
    rows = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return {int(row[0][3:]): int(row[4]) for row in rows if row[0].startswith("cpu") and row[0][3:].isdigit()}


def _move(processors: Any) -> None:
    for task in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # threads end
            os.sched_setaffinity(int(task.name), processors)


def limit_loaded(count: int) -> None:
    """Limit the thread pools of the libraries that are loaded, such as NumPy's BLAS.

    A BLAS that keeps two threads on one processor takes a hundred times as long for a small matrix product.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        for set_threads in _openblas("set"):
            set_threads(count)
    else:
        threadpool_limits(count)


def _openblas(verb: str) -> Iterator[Any]:
    """The function openblas_<verb>_num_threads of each loaded OpenBLAS. Its builds give it several names."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    for path in sorted({line.split()[-1] for line in lines if "openblas" in line}):
        library = ctypes.CDLL(path)
        names = (f"{prefix}openblas_{verb}_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", ""))
        yield from (getattr(library, name) for name in names if hasattr(library, name))


def limit_framework(name: str, count: int) -> None:
    """Limit a framework that has not computed yet. One that has computed keeps its threads, and `in_use` shows them."""
    with suppress(RuntimeError):
        if name == "torch":
            import torch

            torch.set_num_threads(count)
            torch.set_num_interop_threads(count)
        if name == "tensorflow":
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(count)
            tf.config.threading.set_inter_op_parallelism_threads(count)
    limit_loaded(count)


def in_use() -> dict[str, Any]:
    """The threads that each library says it uses. Only threadpoolctl is imported for it."""
    said: dict[str, Any] = {"blas": _pools()}
    if torch := sys.modules.get("torch"):
        said["torch"] = f"{torch.get_num_threads()}, between operations {torch.get_num_interop_threads()}"
    if tf := sys.modules.get("tensorflow"):
        threading = tf.config.threading
        intra, inter = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
        said["tensorflow"] = f"{intra}, between operations {inter}"
    if "jax" in sys.modules:
        said["jax"] = f"{os.environ.get('PJRT_NPROC', 'unlimited')} by PJRT_NPROC"
    return said


def _pools() -> str:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        counts = [f"openblas {get_threads()}" for get_threads in _openblas("get")]
        return ", ".join(counts) or "unknown without threadpoolctl"
    return ", ".join(sorted({f"{pool['internal_api']} {pool['num_threads']}" for pool in threadpool_info()}))


class Share:
    """After `with Share() as share: ...`, share.value is the number of processors at work: CPU seconds per second."""

    value = 0.0

    def __enter__(self) -> Share:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.value = (time.process_time() - self._cpu) / max(time.perf_counter() - self._wall, 1e-9)
