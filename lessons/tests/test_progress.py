"""Where there is no terminal, progress is a line every few seconds, with the steps done and the time left."""

import io
import time

import pytest

from lessons.progress import EVERY, Pace, progress


@pytest.mark.parametrize(
    ("done", "line"),
    [(0, "torch: training, 12 s so far"), (3, "torch: training, 3 of 10 steps, about 28 s left"), (10, ", about 0 s left")],
)
def test_a_line_says_what_is_done_and_how_long_the_rest_takes(done: int, line: str) -> None:
    seconds = iter([100.0, 112.0])
    pace = Pace("torch: training", 10, clock=lambda: next(seconds))
    for _ in range(done):
        pace.step()
    assert str(pace).endswith(line)


def test_without_a_terminal_lines_come_while_a_run_lasts() -> None:
    stream = io.StringIO()
    with progress(50, stream, every=0.05) as watch:
        tick = watch("numpy: training")
        for _ in range(7):
            tick()
        time.sleep(0.3)
        watch("torch: loading")
        time.sleep(0.3)
    lines = stream.getvalue().splitlines()
    assert any(line.startswith("numpy: training, 7 of 50 steps, about ") for line in lines)
    assert any(line.startswith("torch: loading, ") for line in lines)


def test_a_short_run_prints_no_line() -> None:
    stream = io.StringIO()
    with progress(3, stream) as watch:
        watch("numpy: training")()
    assert stream.getvalue() == ""
    assert EVERY <= 10


def test_on_a_terminal_there_are_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with progress(3, stream, every=0.01) as watch:
        watch("numpy: training")()
        time.sleep(0.1)
    assert "steps, about" not in stream.getvalue()
