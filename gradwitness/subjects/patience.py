"""A call that does not end: a loop of the user's whose condition is never met at another point, or in other digits.

A search for a root that ends at `abs(f) < tol` runs for ever where there is no root, and a step of a difference may lead there.
So a call that takes far longer than those before it is broken off: TimeoutError, as if the user's code had raised it.
"""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType

FIRST, LEAST = 3.0, 0.1
"""Seconds that a call gets at least: before one was broken off; in the end, when several were."""
TIMES = 100.0
"""Times the longest call that ended: what a call gets at least. Monte Carlo arithmetic takes up to 50 times as long."""
AGAIN = 0.05
"""Seconds after which it is tried again to break off code that catches everything."""


class _Late(BaseException):
    """Breaks a call off. No Exception: the user's code may catch those."""


class Patience:
    """Breaks off a call, while its `with` lasts, that takes far longer than those before it. The first one may take any time.

    What counts is the processor's time, so that a machine with other work to do changes nothing. Where there is no such timer
    (Windows, other threads than the main one), or somebody else uses it, calls are left alone.
    """

    def __init__(self, *, first: bool = False, most: float = 0.0) -> None:
        """With first, the first call is no exception. With most, every call gets so many seconds."""
        self._longest, self._start, self._broken, self._armed = 1e-9 if first or most else 0.0, 0.0, 0, False
        self._most = most

    @property
    def seconds(self) -> float:
        """That a call gets."""
        return self._most or float(max(FIRST / 4**self._broken, LEAST, TIMES * self._longest))

    def __enter__(self) -> None:
        self._start = time.process_time()
        there = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self._longest and there and not signal.getitimer(signal.ITIMER_VIRTUAL)[0]:
            self._before = signal.signal(signal.SIGVTALRM, self._ring)
            self._armed = True
            signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds, AGAIN)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._armed:
            self._armed = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self._before)
        if isinstance(error, _Late):
            said = f"it did not end in {self.seconds:.2g} s; at the point it takes {max(self._longest, 0.001):.1g} s or less"
            self._broken += 1
            raise TimeoutError(f"{said}. Does a loop wait for what never comes?") from None
        if error is None:
            self._longest = max(self._longest, time.process_time() - self._start, 1e-9)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._armed:
            raise _Late
