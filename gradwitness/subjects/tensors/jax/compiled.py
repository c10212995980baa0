"""Functions that are compiled: in the mode that somebody asks for, or because calls of them take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax

from gradwitness.frameworks import load
from gradwitness.subjects.tensors.backend import Pull, Run, Vjp
from gradwitness.subjects.tensors.tree import Path, replaced, tensors

SLOW, TWICE = 5e-3, 2
"""Seconds of a call that takes long, and how many of them there are before a function is compiled."""
SLOW_GRADIENT, OFTEN = 0.05, 4
"""The same of a gradient: most functions are right, and differentiated three times."""


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


class Differentiator:
    """Gradients of one function, compiled once several of them took long; as they are where they cannot be compiled."""

    def __init__(self, vjp: Vjp) -> None:
        self._vjp, self._slow, self._compiled = vjp, 0, False
        self._gradients: Callable[[list[Any], list[Any]], list[Any]] | None = None

    def __call__(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        given = list(inputs)
        if self._gradients is not None:
            return [], lambda douts: self._pulled(given, list(douts))
        start = time.perf_counter()
        outs, pull = self._vjp(run, given)
        traced = time.perf_counter() - start

        def timed(douts: Sequence[Any]) -> list[Any]:
            start = time.perf_counter()
            found = pull(douts)
            self._slow += traced + time.perf_counter() - start > SLOW_GRADIENT
            if self._slow == OFTEN and not self._compiled:
                self._compiled = True
                self._compile(run, given, list(douts))
            return found

        return outs, timed

    def _pulled(self, inputs: list[Any], douts: list[Any]) -> list[Any]:
        assert self._gradients is not None
        return self._gradients(inputs, douts)

    def _compile(self, run: Run, inputs: list[Any], douts: list[Any]) -> None:
        compiled = jax.jit(lambda values, cotangents: self._vjp(run, values)[1](cotangents))
        try:
            jax.block_until_ready(compiled(inputs, douts))
        except Exception:  # likewise
            return
        self._gradients = compiled
