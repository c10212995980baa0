"""Work for several processes: everything comes back once, whatever dies on the way, and what kills its worker is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="dask.distributed is not installed: work is not shared among machines")

from conformance.distributed import _interrupts, each

ROOT = Path(__file__).parent.parent
_prepared: list[int] = []


def prepare(number: int) -> None:
    _prepared.append(number)


def work(thing: int) -> tuple[int, list[int]]:
    if thing < 0:
        os.abort()
    return thing, _prepared


def dead(thing: int) -> str:
    return f"died of {thing}"


@pytest.mark.parametrize("workers", [1, 2])
def test_everything_comes_back_whatever_dies(workers: int) -> None:
    found = list(each(work, [1, 2, -3, 4, 5, -6, 7], dead, workers=workers, prepare=prepare, about=(9,)))
    wanted = [*(str((n, [9])) for n in (1, 2, 4, 5, 7)), "died of -3", "died of -6"]
    assert sorted(map(str, found)) == sorted(wanted)


def broken(thing: int) -> int:
    raise LookupError(f"no {thing}")


def test_what_work_raises_is_raised() -> None:
    with pytest.raises(LookupError, match="no 5"):
        list(each(broken, [5], dead, workers=1, prepare=prepare, about=(1,)))


def test_no_more_is_read_than_there_are_workers() -> None:
    read: list[int] = []

    def todo() -> Iterator[int]:
        for thing in range(9):
            read.append(thing)
            yield thing

    next(each(work, todo(), dead, workers=2, prepare=prepare, about=(9,)))
    assert read == [0, 1]


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process of its own on the loopback."""
    file, quiet = tmp_path / "scheduler.json", ["--host", "127.0.0.1", "--no-dashboard"]
    worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--memory-limit", "0", *quiet]
    worker += ["--local-directory", str(tmp_path)]
    with ExitStack() as stack:
        for arguments in (["scheduler", "--port", "0", "--scheduler-file", str(file), *quiet], worker, worker):
            process = subprocess.Popen([sys.executable, "-m", "dask", *arguments], cwd=ROOT, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield json.loads(text_of(file))["address"]


def text_of(file: Path) -> str:
    """What a process writes into a file, once it is there."""
    until = time.monotonic() + 60
    while not (file.exists() and file.read_text().endswith(("}", "\n"))):
        assert time.monotonic() < until, f"{file} was not written"
        time.sleep(0.1)
    return file.read_text()


def long_once(thing: tuple[int, str]) -> int:
    """The thing 0 takes an hour, unless somebody has begun it before."""
    number, started = thing
    if number == 0:
        with Path(started).open("a") as file:
            file.write(f"{os.getpid()}\n")
        if len(Path(started).read_text().splitlines()) == 1:
            time.sleep(3600)
    return number


def dead_again(thing: tuple[int, str]) -> str:
    return f"{thing} ended two workers"


def test_a_worker_killed_on_a_cluster_costs_its_thing_one_retry(scheduler: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    todo = [(number, str(started)) for number in range(20)]
    found = []
    for number in each(long_once, todo, dead_again, workers=0, scheduler=scheduler, prepare=prepare, about=(1,)):
        found.append(number)
        if len(found) == 10:
            os.kill(int(text_of(started)), signal.SIGKILL)
    assert sorted(found) == list(range(20))
    assert len({*started.read_text().splitlines()}) == 2  # it was begun by both


PROGRAM = """
import sys, time
from conformance.distributed import each
from tests.test_distributed import dead, prepare, slow

if __name__ == "__main__":
    results = each(slow, range(1000), dead, workers=2, prepare=prepare, about=(1,))
    try:
        for result in results:
            print(result, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        results.close()
"""


def slow(thing: int) -> int:
    time.sleep(0.2 if thing < 4 else 3600)
    return thing


SECONDS = 20
"""In which the last helper of multiprocessing, which notices that the others are gone, ends too."""


def alive_after(seconds: float, group: int) -> list[int]:
    """The processes of a group that are left after so many seconds."""
    until = time.monotonic() + seconds
    while (left := alive(group)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def alive(group: int) -> list[int]:
    """The processes of a group; without those that have ended and wait for their parent to notice."""
    psutil = pytest.importorskip("psutil", reason="comes with dask.distributed")
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what a destructor raises is what is tested
def test_ctrl_c_that_falls_into_a_destructor_is_heeded_later() -> None:
    class Future:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with _interrupts() as heed:
        heed()
        Future()
        with pytest.raises(KeyboardInterrupt):
            heed()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_the_workers_and_keeps_what_was_found() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    found = sorted(int(program.stdout.readline()) for _ in range(4))
    os.killpg(program.pid, signal.SIGINT)  # a terminal sends it to every process of the program
    try:
        left, errors = program.communicate(timeout=180)  # a busy machine starts and ends processes slowly
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        raise
    assert (found, left, errors, program.returncode) == ([0, 1, 2, 3], "interrupted\n", "", 0)
    assert alive_after(SECONDS, program.pid) == []
