"""A call of the user's code that does not end is broken off, and the check goes on."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.subjects import patience
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.patience import Patience

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no such timer here")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST", 0.2)


def rooted(a: np.ndarray) -> np.ndarray:
    """The square roots by Newton's method; of a negative number it never ends."""
    x = np.maximum(a, 1.0)
    while np.max(np.abs(x * x - a)) > 1e-14:
        x = 0.5 * (x + a / x)
    return 0.5 * (x + a / x)


def patient_after_a_call() -> Patience:
    patience = Patience()
    with patience:
        pass
    return patience


def for_ever() -> None:
    while True:
        pass


def test_a_step_to_where_a_loop_never_ends_is_not_taken() -> None:
    assert check(rooted, lambda dout, a: dout / (2 * np.sqrt(a)), np.array([2.0, 9.0, 0.3])).verdict == "right"


def test_a_loop_that_ends_in_float64_alone_is_examined_in_float64() -> None:
    def rounded(x: np.ndarray) -> np.ndarray:
        while x.dtype != np.float64:
            pass
        return x * x

    report = check(rounded, lambda dout, x: 2 * dout * x, np.array([2.0, 3.0]))
    assert (report.verdict, "TimeoutError in longdouble" in str(report)) == ("right", True)


def test_it_is_an_error_of_the_users_code_with_the_times() -> None:
    with (
        pytest.raises(TimeoutError, match=r"it did not end in 0\.2 s; at the point it takes 0\.001 s or less"),
        patient_after_a_call(),
    ):
        for_ever()


def test_code_that_catches_everything_is_broken_off_as_well() -> None:
    def stubborn() -> None:
        caught = 0
        while True:
            try:
                for_ever()
            except BaseException:
                caught += 1
                if caught > 2:
                    raise

    with pytest.raises(TimeoutError), patient_after_a_call():
        stubborn()


def test_the_handler_of_the_signal_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(TimeoutError), patient_after_a_call():
        for_ever()
    assert (signal.getsignal(signal.SIGVTALRM), signal.getitimer(signal.ITIMER_VIRTUAL)[0]) == (before, 0)


def test_in_another_thread_nothing_is_broken_off() -> None:
    ended = []

    def busy() -> None:
        with patient_after_a_call():
            start = time.process_time()
            while time.process_time() - start < 0.5:
                pass
            ended.append(True)

    thread = threading.Thread(target=busy)
    thread.start()
    thread.join()
    assert ended


def test_the_first_call_takes_its_time() -> None:
    with Patience():
        start = time.process_time()
        while time.process_time() - start < 0.5:
            pass


def test_a_backward_that_does_not_end_is_told() -> None:
    def backward(dout: np.ndarray, x: np.ndarray) -> np.ndarray:
        while dout[0] != 0.5 and calls:
            pass
        calls.append(1)
        return 2 * dout * x

    calls: list[int] = []
    with pytest.raises(UserError, match="backward raised TimeoutError: it did not end"):
        check(lambda x: x * x, backward, np.array([2.0, 3.0]))
