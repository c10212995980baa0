"""Functions that are compiled: in the mode that somebody asks for, or because calls of them take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax

from gradwitness.frameworks import load
from gradwitness.subjects.tensors.backend import Run
from gradwitness.subjects.tensors.tree import Path, replaced, tensors

SLOW, TWICE = 5e-3, 2
"""Seconds of a call that takes long, and how many of them there are before a function is compiled."""


class Jitted:
    """A function that is compiled for its arrays. Whatever else it is given (an axis, a flag, a name) is part of the program."""

    def __init__(self, called: Callable[..., Any], mode: str, holds: Callable[[Any], bool]) -> None:
        self._called, self._mode, self._holds = called, mode, holds
        self._compiled: dict[tuple[Path, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = {"args": args, "kwargs": kwargs}
        paths, arrays = zip(*tensors(given, self._holds), strict=True)
        if paths not in self._compiled:

            def body(*arrays: Any) -> Any:
                new = replaced(given, dict(zip(paths, arrays, strict=True)))
                return self._called(*new["args"], **new["kwargs"])

            self._compiled[paths] = load("jax").compile(body, self._mode)
        return self._compiled[paths](*arrays)


class Evaluator:
    """A function that is compiled once two calls of it took long; as it is where it cannot be compiled."""

    def __init__(self, run: Run) -> None:
        self._run, self._slow, self._compiled = run, 0, False

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        start = time.perf_counter()
        found = self._run(inputs)
        self._slow += time.perf_counter() - start > SLOW
        if self._slow == TWICE and not self._compiled:
            self._compiled, eager = True, self._run
            compiled = jax.jit(lambda values: eager(values))
            try:
                jax.block_until_ready(compiled(list(inputs)))
                self._run = compiled
            except Exception:  # it looks at values, which a compiled function cannot
                self._run = eager
        return found
