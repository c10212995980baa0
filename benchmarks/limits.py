"""What the machine can do at most, measured in the same run as everything else: the rate of matrix products, and memory's speed.

A product is that of two square matrices, by NumPy and by each framework that has been used in the run; the best of them counts,
for the limit is the machine's and no library's. Memory's speed is that of copying an array that no cache holds, each thread a
part of it; every byte is read once and written once.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from benchmarks.devices import actual, stand_in
from benchmarks.plan import Implementation
from benchmarks.precision import HAVE, timing
from benchmarks.rounds import Timed, interval, seconds, warm_up
from benchmarks.store import Bandwidth, Limits, Product
from gradwitness import frameworks

SIDE = 2048
BYTES = 2**28
ROUNDS = 7


def measure(threads: int, devices: tuple[str, ...] = ("cpu",), side: int = SIDE, size: int = BYTES) -> Limits:
    """The limits with so many threads, and of a GPU where one is asked for and there.

    side   of the matrices; size   bytes of the array that is copied
    """
    best: dict[tuple[str, str], Product] = {}
    for device, dtype, timed in _products(side, devices):
        try:
            warm_up(timed)
        except Exception:  # noqa: S112  a library that has no such product on this device says so; another may have it
            continue
        rounds = [2 * side**3 / seconds(timed) / 1e9 for _ in range(ROUNDS)]
        product = Product(threads, dtype, statistics.median(rounds), *interval(rounds), device=device)
        if (device, dtype) not in best or best[device, dtype].gflops < product.gflops:
            best[device, dtype] = product
    copies = [("cpu", _copy(size, threads))]
    if "cuda" in devices and (on_device := _copy_on_gpu(size)):
        copies.append(("cuda", on_device))
    bandwidth = []
    for device, timed in copies:
        warm_up(timed)
        taken = statistics.median(seconds(timed) for _ in range(ROUNDS))
        bandwidth.append(Bandwidth(threads, 2 * size / taken / 2**30, device))
    return Limits(list(best.values()), bandwidth)


def _products(side: int, devices: tuple[str, ...]) -> Iterator[tuple[str, str, Timed]]:
    """Device, precision and what is timed."""
    a = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    out = np.empty_like(a)
    yield "cpu", "float32", Timed(partial(np.matmul, a, a, out), nullcontext)
    for name in ("torch", "jax"):
        if name not in sys.modules or not frameworks.installed(name):
            continue
        framework = frameworks.load(name)
        for device in devices:
            if actual(device) not in framework.devices():
                continue
            for precision in HAVE[name] if device == "cuda" else ("float32",):
                settings = partial(timing, Implementation(name, "eager", device, precision))
                yield device, precision, Timed(_product(framework, a, device), settings)


def _product(framework: Any, a: Any, device: str) -> Callable[[], Any]:
    x = framework.from_numpy(a, actual(device))

    def call() -> None:
        framework.wait(x @ x)

    return call


def _copy(size: int, threads: int) -> Timed:
    source, target = np.ones(size, np.uint8), np.empty(size, np.uint8)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    if threads == 1:
        return Timed(lambda: np.copyto(target, source), nullcontext)
    pool = ThreadPoolExecutor(threads)  # copying releases the interpreter's lock
    return Timed(lambda: list(pool.map(lambda part: np.copyto(*part), parts)), nullcontext)


def _copy_on_gpu(size: int) -> Timed | None:
    torch = sys.modules.get("torch")
    if torch is None or not (torch.cuda.is_available() or stand_in()):
        return None
    source = torch.ones(size, dtype=torch.uint8, device=actual("cuda"))
    target = torch.empty_like(source)
    wait = frameworks.load("torch").wait

    def call() -> None:
        target.copy_(source)
        wait(target)

    return Timed(call, nullcontext)
