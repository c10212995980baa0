"""The most memory that a call takes.

On the CPU it is resident memory of the process, whose high-water mark Linux resets on request (/proc/self/clear_refs). It counts
whoever allocates, in whatever library. What libraries keep for later is given back before (malloc_trim), as far as they let go of
it, so that figures are good to a few MiB. On a GPU, PyTorch and JAX count what they allocate.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.plan import Implementation

CALLS = 2
STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def baseline(who: Implementation) -> int | None:
    """Bytes in use before an implementation is built. None where nobody can say."""
    if who.device == "cpu":
        _trim()
        return _status("VmRSS")
    return _allocated(who.framework)


def peak(who: Implementation, before: int | None, call: Callable[[], Any]) -> int | None:
    """Bytes beyond `before` that were in use at most during a call."""
    if before is None:
        return None
    if who.device == "cpu":
        _trim()
        try:
            RESET.write_text("5")
        except OSError:
            return None
        most = _after(call, lambda: _status("VmHWM"))
    elif who.framework == "torch" and (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        most = _after(call, torch.cuda.max_memory_allocated)
    else:
        most = _risen(call)
    return None if most is None else max(0, most - before)


def _after(call: Callable[[], Any], read: Callable[[], int | None]) -> int | None:
    for _ in range(CALLS):
        call()
    return read()


def _allocated(framework: str) -> int | None:
    if framework == "torch" and (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        return int(torch.cuda.memory_allocated())
    return _jax("bytes_in_use") if framework == "jax" else None


def _risen(call: Callable[[], Any]) -> int | None:
    """JAX's peak is that of the whole process: it tells of this call where the call raises it."""
    before = _jax("peak_bytes_in_use")
    after = _after(call, lambda: _jax("peak_bytes_in_use"))
    return after if before is not None and after is not None and after > before else None


def _jax(name: str) -> int | None:
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    stats = jax.devices()[0].memory_stats()
    return int(stats[name]) if stats and name in stats else None


def _trim() -> None:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim:
        trim(0)


def _status(name: str) -> int | None:
    if not STATUS.exists():
        return None
    return next((int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")), None)
