"""Work for several processes on one machine or many, by dask.distributed.

`each(work, todo, dead)` hands things to workers and yields results as they come. Each worker has one thing at a time, so that it
is known which thing a worker was at when it died: that thing is tried once more on another worker, and no other pays for it.
"""

from __future__ import annotations

import logging
import pickle
import signal
import threading
import time
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING, Any

from conformance.extras import require

if TYPE_CHECKING:
    from distributed import Client, Future

    from conformance.worker import Job

WORKERS_NEED = (
    "Start each worker in a checkout of the same commit, with the same packages: "
    "PYTHONPATH=. python -m dask worker ADDRESS --nthreads 1 --memory-limit 0"
)
SCHEDULER_HELP = f"use the workers of a running dask scheduler, such as tcp://host:8786. {WORKERS_NEED}"
"""For the option --scheduler of commands."""
TRIES = 2
"""How often a thing may take its worker along before it is given up."""
POLL = 1.0
"""Seconds after which the list of workers is read again, should no result come."""
PATIENCE = 60.0
"""Seconds to wait for a worker where there is none."""


@dataclass(frozen=True)
class Attempt:
    """A thing that is with a worker, and how often it was tried, this time included."""

    thing: Any
    tries: int
    worker: str


def each(
    work: Callable[[Any], Any],
    todo: Iterable[Any],
    dead: Callable[[Any], Any],
    *,
    workers: int,
    scheduler: str = "",
    prepare: Callable[..., None],
    about: tuple[Any, ...] = (),
) -> Generator[Any, None, None]:
    """Yield work(thing) of each thing, in order of completion; dead(thing) of one that ends its worker twice.

    todo        is read as workers become free: an iterator may end early, and what has begun is still finished
    workers     how many processes to start on this machine
    scheduler   the address of a running scheduler, whose workers are used in place of them
    prepare     is called with about in each worker, once, before it works

    Functions are sent by name. A worker that cannot import their modules ends the program with a sentence. Raises what work
    raises, and TimeoutError where no worker is there for a minute. Who stops reading, or presses Ctrl-C, drops what has begun.
    """
    require("trust", "distributed")
    from conformance.worker import Job

    with _client(scheduler, workers) as client, _interrupts() as heed:
        yield from _results(client, Job(work, prepare, about), iter(todo), dead, heed)


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """What is called from time to time, and raises KeyboardInterrupt if Ctrl-C was pressed and came to nothing.

    One that falls into a destructor is lost: Python ignores what those raise, and a future of dask has one.
    """
    pressed: list[int] = []
    before: Any = signal.getsignal(signal.SIGINT)
    watches = threading.current_thread() is threading.main_thread() and callable(before)

    def remember(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        before(number, frame)

    def heed() -> None:
        if pressed:
            raise KeyboardInterrupt

    if watches:
        signal.signal(signal.SIGINT, remember)
    try:
        yield heed
    finally:
        if watches:
            signal.signal(signal.SIGINT, before)


def _results(
    client: Client, job: Job, todo: Iterator[Any], dead: Callable[[Any], Any], heed: Callable[[], None]
) -> Iterator[Any]:
    running: dict[Future, Attempt] = {}
    again: deque[tuple[Any, int]] = deque()
    deserted = time.monotonic()
    while True:
        heed()
        workers = set(client.nthreads())
        deserted = time.monotonic() if workers else deserted
        if time.monotonic() - deserted > PATIENCE:
            raise TimeoutError(f"no worker is connected to {client.scheduler.address} for {PATIENCE:g} s")
        for future, attempt in list(running.items()):
            if future.status in ("cancelled", "lost") or (attempt.worker not in workers and not future.done()):
                del running[future]
                future.cancel()
                if attempt.tries == TRIES:
                    yield dead(attempt.thing)
                else:
                    again.append((attempt.thing, attempt.tries))
        for worker in sorted(workers - {attempt.worker for attempt in running.values()}):
            if not again:
                again.extend((thing, 0) for thing in islice(todo, 1))
            if again:
                thing, tries = again.popleft()
                running[_submit(client, job, thing, worker)] = Attempt(thing, tries + 1, worker)
        if not running and not again:
            again.extend((thing, 0) for thing in islice(todo, 1))  # is there anything left, should no worker be there?
            if not again:
                return
        yield from _finished(running, dead)


def _submit(client: Client, job: Job, thing: Any, worker: str) -> Future:
    from conformance.worker import perform

    def unpacked(payload: bytes) -> Any:  # a local function is sent whole: the scheduler, which reads it too, needs no checkout
        import pickle

        call, *arguments = pickle.loads(payload)  # noqa: S301  what this program sent
        return call(*arguments)

    return client.submit(unpacked, pickle.dumps((perform, job, thing)), workers=[worker], pure=False)


def _finished(running: dict[Future, Attempt], dead: Callable[[Any], Any]) -> Iterator[Any]:
    """Wait for a result, but not for long; yield those that are there, and forget their futures."""
    from distributed import KilledWorker, wait

    if not running:
        time.sleep(POLL)
        return
    with suppress(TimeoutError, CancelledError):  # the status of each future tells
        wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED")
    for future, attempt in list(running.items()):
        if future.status == "error":
            del running[future]
            error = future.exception()
            if isinstance(error, ModuleNotFoundError):
                raise SystemExit(f"The worker {attempt.worker} cannot import {error.name}. {WORKERS_NEED}") from error
            if not isinstance(error, KilledWorker):
                raise error
            yield dead(attempt.thing)  # a worker that comes back under its old address dies of a thing more often
        elif future.status == "finished":
            try:
                result = future.result(timeout=POLL)
            except (TimeoutError, CancelledError):  # the worker died before it gave its result away
                continue
            del running[future]
            yield result


@contextmanager
def _client(scheduler: str, workers: int) -> Iterator[Client]:
    """A client of a running scheduler, or of one of its own with workers on this machine; quiet, and without a dashboard."""
    import dask
    from distributed import Client, LocalCluster

    from conformance.worker import LeaveInterruptsAlone

    with ExitStack() as stack:
        stack.callback(logging.getLogger("distributed").setLevel, logging.getLogger("distributed").level)
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # that a worker died is told by `dead`
        if scheduler:
            client = stack.enter_context(Client(scheduler, timeout=PATIENCE))
            client.wait_for_workers(1, timeout=PATIENCE)
        else:
            stack.enter_context(dask.config.set({"distributed.worker.multiprocessing-method": "spawn"}))
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=None,  # an op may take what the machine has: nothing is paused or killed for it
                    scheduler_kwargs={
                        "dashboard": False,
                        "dashboard_address": "127.0.0.1:0",
                    },  # no fixed port: others may have it
                    silence_logs=logging.CRITICAL,
                )
            )
            client = stack.enter_context(Client(cluster))
            client.register_plugin(LeaveInterruptsAlone())
        yield client
