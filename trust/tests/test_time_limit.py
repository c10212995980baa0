"""A time limit holds in every thread, and reaches nothing behind it."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from trust.corpus.time_limit import TooLong, at_most


def here(function: Callable[[], Any]) -> Any:
    return function()


def in_a_thread(function: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def endless() -> None:
    with at_most(0.05):
        while True:
            pass


def soon() -> float:
    """The time limit passes after the code inside has returned."""
    with at_most(0.05):
        pass
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        pass
    return until


@pytest.mark.parametrize("place", [here, in_a_thread])
def test_what_does_not_return_is_stopped(place: Callable[..., Any]) -> None:
    with pytest.raises(TooLong, match=r"did not return within 0\.05 s"):
        place(endless)


@pytest.mark.parametrize("place", [here, in_a_thread])
def test_what_returns_in_time_is_left_alone(place: Callable[..., Any]) -> None:
    assert place(soon) > 0


def called_under_a_tracer() -> None:
    """Calls a function under a tracer, as `check` does to name a line, and as debuggers do."""
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        here(dict)
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("seconds", [10.0, 0.0])
def test_a_function_that_is_traced_afterwards_begins(seconds: float) -> None:
    def both() -> None:
        with contextlib.suppress(TooLong), at_most(seconds):
            pass
        called_under_a_tracer()

    thread = threading.Thread(target=both, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
