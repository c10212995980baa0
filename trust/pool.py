"""Work by several processes, some of which may die of it: a wrong spelling can abort a framework, and the process with it."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any


def each(
    work: Callable[[Any], Any],
    todo: Sequence[Any],
    dead: Callable[[Any], Any],
    *,
    workers: int,
    prepare: Callable[..., None],
    about: tuple[Any, ...] = (),
) -> Iterator[Any]:
    """What work returns of each thing, as it comes; dead(thing) of one that takes its process along.

    prepare   is called with about in each process before it works

    When a process dies, whatever was under way is done once more, one by one, to find out what it died of.
    """
    waiting, window = deque(todo), 2 * workers if workers > 1 else 1
    while waiting:
        running: dict[Future[Any], Any] = {}
        context = multiprocessing.get_context("spawn")  # not forked: frameworks run threads, which a fork loses
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=prepare, initargs=about)
        try:
            while waiting or running:
                while waiting and len(running) < window:
                    future = pool.submit(work, waiting[0])  # which a broken pool refuses
                    running[future] = waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    del running[future]
                    yield result
        except BrokenProcessPool:
            left = list(running.values())
        else:
            left = []
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
        if len(left) == 1 and workers == 1:
            yield dead(left[0])
        elif left:
            yield from each(work, left, dead, workers=1, prepare=prepare, about=about)
