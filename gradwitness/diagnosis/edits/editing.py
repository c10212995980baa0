"""The user's code as it can be edited: which of it runs, and what it returns with an edit."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from types import CodeType
from typing import Any, Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case
from gradwitness.diagnosis.edits.running import Run, watched
from gradwitness.diagnosis.edits.sites import Edit
from gradwitness.diagnosis.edits.source import Source, source_of, swapped
from gradwitness.judging.point import Point
from gradwitness.subjects.function import Call
from gradwitness.subjects.patience import Patience

EPSILONS = (1e-30, 0.1)
LONGEST, TIMES = 0.5, 2.0
"""Seconds of the processor's time that a call of edited code gets, or so many times those of the code as it stands, if that is
more. An edit may send a solver on a way without end.
"""


class Editing:
    """The user's code at a point where some of its gradients are wrong.

    untold   gradients of which nothing is known: an edit may change them, and is not judged by that
    """

    def __init__(self, point: Point, cases: Mapping[int, Case], untold: Collection[int] = ()) -> None:
        self.point, self.cases, self.untold = point, dict(cases), untold
        self.tried, self._start = 0, time.process_time()
        self.numbers: list[float] = []
        self._right: dict[int, bool] = {}
        self.outs: Sequence[Array] = point.outs
        self.came: Sequence[Any] = [claim and claim.value for claim in point.claims]
        self.sources = list(self._sources())
        self.patience = Patience(most=max(LONGEST, TIMES * (time.process_time() - self._start)))

    def _sources(self) -> Iterator[tuple[Source, Run]]:
        """The functions that run in backward, then those that run in forward: some compute the gradient there."""
        calls: list[Call] = []
        came: list[Any] = []
        with np.errstate(all="ignore"):
            before = watched(lambda: calls.append(self.point.call(self.point.arrays)))
            self.outs = calls[0].outs
            after = watched(lambda: came.extend(calls[0].backward([dout.copy() for dout in self.point.douts])))
            self.came = came
        runs = [(code, run) for seen in (after, before) for code, run in reversed(seen.items())]
        codes = [code for code, _ in runs]
        found = {number for code in codes for number in code.co_consts if isinstance(number, float)}
        scalars = [array for case in self.cases.values() for array in case.known.values() if array.size == 1]
        found |= {float(array.reshape(())) for array in scalars if array.dtype.kind == "f"}
        self.numbers = sorted(number for number in found if EPSILONS[0] < number <= EPSILONS[1])
        for place, (code, run) in enumerate(runs):  # what is called last is where the gradient is computed
            source = source_of(code, codes) if code not in codes[:place] else None
            if source is not None:
                yield source, run

    @cached_property
    def invalid(self) -> Literal["ignore", "raise"]:
        """What NumPy does where an edit divides by 0 or makes nan. If the code as it stands does neither, such an edit is none,
        and is broken off: LAPACK, given nan, writes to the terminal.
        """
        with np.errstate(all="ignore", invalid="raise", divide="raise"):
            try:
                self.point.call(self.point.arrays, "raise").backward([dout.copy() for dout in self.point.douts])
            except Exception:  # the code makes nan on its way, or works once
                return "ignore"
        return "raise"

    @staticmethod
    def code(source: Source, edit: Edit) -> CodeType | None:
        """A function's code with an edit; None if it has none."""
        edit.apply()
        try:
            return source.compiled()
        finally:
            edit.undo()

    def _came(self, source: Source, edit: Edit, arrays: Sequence[Array]) -> Sequence[Any] | None:
        """The gradients of the edited code; None if it raises, or if forward returns something else."""
        code = self.code(source, edit)
        if code is None:
            return None
        wanted = self.point.call(arrays).outs
        with swapped(source, code):
            try:
                with self.patience:
                    call = self.point.call(arrays)
                    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(call.outs, wanted, strict=True)):
                        return None
                    return list(call.backward([dout.copy() for dout in self.point.douts]))
            except Exception:  # an edited function may raise anything: then the edit explains nothing
                return None


def untraced(function: Any) -> AbstractContextManager[None]:
    """Functions that were compiled run as Python meanwhile: what was traced knows nothing of an edit."""
    backend = getattr(function, "backend", None)
    return nullcontext() if backend is None else backend.untraced()


def retraced(function: Any) -> AbstractContextManager[None]:
    """Functions that were compiled are compiled anew: for an edit that is run many times."""
    backend = getattr(function, "backend", None)
    return nullcontext() if backend is None else backend.retraced()
