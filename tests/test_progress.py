"""The progress line: cells done and time left, on a terminal and elsewhere, and pytest's own dots stay whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.progress import duration, is_cell

ROOT = Path(__file__).parent.parent
SUITE = """
import time

def test_op(op_cell):
    time.sleep(0.005)

def test_other():
    pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite whose cells need no framework."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["conformance.plugin"]\n')
    (tmp_path / "test_suite.py").write_text(SUITE)
    return tmp_path


def command(*options: str) -> list[str]:
    selected = ["--op", "relu", "--adapter", "torch", "--mode", "eager", "--device", "cpu"]
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *selected, *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm"}


def run(suite: Path, *options: str) -> str:
    done = subprocess.run(command(*options), cwd=suite, env=environment(), capture_output=True, text=True, check=False)
    assert " 14 passed" in done.stdout, done.stdout + done.stderr
    return done.stdout


LINE = r"^gradwitness: \d+ of 14 cells done, about \d+ s left$"


def test_without_a_terminal_it_is_a_line_of_its_own(suite: Path) -> None:
    told = run(suite, "--progress-every", "0.01")
    assert re.search(LINE, told, flags=re.MULTILINE)
    assert told.count("gradwitness:") == len(re.findall(LINE, told, flags=re.MULTILINE))
    assert "\x1b" not in told


def test_workers_say_nothing_and_the_controller_says_it(suite: Path) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    assert re.search(LINE, run(suite, "-n", "2", "--progress-every", "0.01"), flags=re.MULTILINE)


def test_it_can_be_turned_off(suite: Path) -> None:
    assert "cells done" not in run(suite, "--progress-every", "0")


class Screen:
    """What a terminal shows: just enough of one for text, line ends and the sequences that pytest and we write."""

    def __init__(self) -> None:
        self.lines, self.row, self.column = [""], 0, 0

    def write(self, text: str) -> None:
        for sequence, number, letter, other in re.findall(r"(\x1b\[([\d;]*)([A-Za-z]))|([^\x1b])", text, flags=re.DOTALL):
            if not sequence:
                self._character(other)
            elif letter == "A":
                self.row -= int(number or 1)
            elif letter == "C":
                self.column += int(number or 1)
            elif letter == "K":
                self.lines[self.row] = self.lines[self.row][: self.column]

    def _character(self, character: str) -> None:
        if character == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        elif character == "\r":
            self.column = 0
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1


@pytest.mark.parametrize("options", [(), ("-v",)], ids=["dots", "verbose"])
def test_on_a_terminal_it_is_drawn_below_the_dots_and_gone_at_the_end(suite: Path, options: tuple[str, ...]) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    ours, theirs = pty.openpty()
    with subprocess.Popen(command(*options), cwd=suite, env=environment(), stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        written, screen, seen = b"", Screen(), set()
        while chunk := _read(ours):
            written += chunk
        process.wait()
    os.close(ours)
    for part in re.split(r"(?<=\x1b\[1A\r)", written.decode()):
        screen.write(part)
        seen |= set(re.findall(LINE, "\n".join(screen.lines), flags=re.MULTILINE))
    shown = "\n".join(screen.lines)
    assert len(seen) == 14, shown
    assert "cells done" not in shown
    assert shown.count("PASSED" if options else "test_suite.py ..............") == (14 if options else 1), shown
    assert "14 passed" in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3540, "59 min"), (4800, "1 h 20 min")]
)
def test_a_duration_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_cells_are_told_from_other_tests() -> None:
    assert is_cell("tests/matrix/test_adapters.py::test_op[relu-generic-torch-float32-cpu-eager]")
    assert not is_cell("tests/test_networks.py::test_network[0-torch-eager]")
    assert not is_cell("tests/reference/test_reference.py::test_op_of_the_reference[relu]")
