"""What runs in a worker of dask.distributed: one task at a time, in a process that is prepared once for each run."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from distributed import Worker, WorkerPlugin

from conformance.threads import limit_loaded, set_environment

NICE = 5
"""Workers give way to whatever else the machine does."""


@dataclass(frozen=True)
class Job:
    """What a run asks of its workers.

    work      thing -> result
    prepare   is called with about, once in each worker, before it works
    run       the name of the run: a worker that served another one is prepared anew
    """

    work: Callable[[Any], Any]
    prepare: Callable[..., None]
    about: tuple[Any, ...] = ()
    run: str = field(default_factory=lambda: uuid4().hex)


_alone = threading.Lock()
_served = ""


def perform(job: Job, thing: Any) -> Any:
    """Do one task. Tasks of one process wait for each other: they change what the whole process shares."""
    global _served  # noqa: PLW0603  the state of a process, which is what is prepared
    with _alone, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong code divides by zero; a worker of a cluster goes on with its own filters
        if _served != job.run:
            set_environment(1)  # read by the frameworks, which are imported later
            limit_loaded(1)
            if hasattr(os, "nice"):
                os.nice(max(0, NICE - os.nice(0)))
            job.prepare(*job.about)
            _served = job.run
        return job.work(thing)


class LeaveInterruptsAlone(WorkerPlugin):
    """Ctrl-C reaches every process of a terminal. The one that hands out the work decides what becomes of it."""

    def setup(self, worker: Worker) -> None:
        """Called by dask when a worker starts, in its main thread."""
        del worker
        signal.signal(signal.SIGINT, signal.SIG_IGN)
