"""The parent's side of a process in which units are timed (benchmarks/child.py is the other)."""

from __future__ import annotations

from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from benchmarks.child import environment, main

STARTING = 300.0
"""Seconds that a process may take until it answers: NumPy and the reference are imported."""


class Gone(Exception):
    """The process ended, or did not answer in time; the message says which."""


@dataclass
class Child:
    """The process that times units with so many threads."""

    threads: int
    processors: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs, self.threads), daemon=True)
        with environment(self.threads):
            self._process.start()
        theirs.close()
        self.processors = self._answer(STARTING)["processors"]

    def ask(self, kind: str, task: Any, patience: float) -> dict[str, Any]:
        """Its answer. Raises Gone."""
        try:
            self._pipe.send((kind, task))
        except OSError as error:
            raise Gone(str(error)) from error
        return self._answer(patience)

    def _answer(self, patience: float) -> dict[str, Any]:
        try:
            if self._pipe.poll(patience):
                answer: dict[str, Any] = self._pipe.recv()
                return answer
        except (EOFError, ConnectionError):
            self._process.join(10)
            code = self._process.exitcode
            raise Gone(f"its process ended with exit code {code}{' (out of memory?)' if code == -9 else ''}") from None
        self.kill()
        raise Gone(f"no answer in {patience:.0f} s")

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()
        self._process.join(10)
