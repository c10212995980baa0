"""Stops code that does not return, in any thread: a worker of dask runs its tasks in a thread that no signal reaches."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_raise_in_thread = ctypes.pythonapi.PyThreadState_SetAsyncExc


class TooLong(Exception):
    """Code did not return within its time limit."""


class _Alarm:
    """Raises TooLong in the thread that made it, unless it was switched off before. Raises nothing afterwards."""

    def __init__(self) -> None:
        self.thread = ctypes.c_ulong(threading.get_ident())
        self.lock = threading.Lock()
        self.on, self.rung = True, False

    def ring(self) -> None:
        with self.lock:
            if self.on:
                self.rung = True
                _raise_in_thread(self.thread, ctypes.py_object(TooLong))

    def off(self, *, arrived: bool) -> None:
        """An exception that is on its way is waited for, and goes no further.

        To withdraw it, with NULL in its place, leaves a flag of CPython 3.11 up for good: "something is to be done between two
        bytecodes". A function that is called under a tracer then never begins.
        """
        try:
            with self.lock:
                self.on = False
            while self.rung and not arrived:
                time.sleep(0.001)
        except TooLong:
            pass


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong in the code inside if it runs longer. Python raises it between two bytecodes, as it does for Ctrl-C."""
    alarm = _Alarm()
    timer = threading.Timer(seconds, alarm.ring)
    timer.daemon = True
    timer.start()
    arrived = False
    try:
        yield
    except TooLong:
        arrived = True
        raise TooLong(f"did not return within {seconds:g} s") from None
    finally:
        timer.cancel()
        alarm.off(arrived=arrived)
