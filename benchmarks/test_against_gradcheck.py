"""What a check costs against torch.autograd.gradcheck in slow mode, on the same functions of a thousand parameters.

    python -m pytest benchmarks/test_against_gradcheck.py benchmarks/test_checking.py

prints the ratios, and the time of large functions and of a transformer block. What is asked for is asserted. Seconds are those of
this process on the processor's own clock, and both sides take turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from benchmarks import thousand
from benchmarks.workshop import Workshop
from gradwitness.checking import check
from gradwitness.functions.check import check_function
from gradwitness.report.report import Report

torch = pytest.importorskip("torch", reason="the benchmark compares with torch.autograd.gradcheck, and torch is not installed")

TURNS = 7
FASTER = 10
"""A check takes at most this part of gradcheck's time, at SHARPER times its sight."""
SHARPER = 1e6
MISSED = 5e-4
"""A relative error of one element that gradcheck, with its default tolerances, does not see."""

Function = Callable[..., Any]


def of_numpy(error: float = 0.0) -> tuple[Function, Function]:
    """gradcheck and check of the recurrent layer in NumPy."""
    backward = partial(thousand.backward, error=error)
    return (
        partial(gradcheck, thousand.wrapped(torch, error), tensors()),
        partial(check, thousand.forward, backward, thousand.inputs(), cached=True),
    )


def of_torch(error: float = 0.0) -> tuple[Function, Function]:
    """gradcheck and check_function of the same in PyTorch."""
    function = thousand.in_torch(torch, error)
    return partial(gradcheck, function, tensors()), partial(check_function, function, tensors())


def of_linear() -> tuple[Function, Function]:
    """The same of one linear layer."""
    given = tensors(thousand.LINEAR_SHAPES)
    return partial(gradcheck, thousand.linear(torch), given), partial(check_function, thousand.linear(torch), given)


def tensors(shapes: tuple[tuple[int, ...], ...] = thousand.SHAPES) -> tuple[Any, ...]:
    return tuple(torch.tensor(array, requires_grad=True) for array in thousand.inputs(shapes))


def gradcheck(function: Function, given: tuple[Any, ...]) -> bool:
    return bool(torch.autograd.gradcheck(function, given, raise_exception=False, fast_mode=False))


RECURRENT = {"check, the recurrent layer in NumPy": of_numpy, "check_function, the recurrent layer in PyTorch": of_torch}
"""Functions that take about a millisecond: FASTER is asked."""
TINY = {"check_function, one linear layer in PyTorch": of_linear}
"""No ratio is asked: what a check does around each call takes longer than the call."""


def compared(what: str, theirs: Function, ours: Function, workshop: Workshop) -> float:
    """The median of the ratios of their time and ours. The first turn, in which things are imported and made, does not count."""
    assert theirs()
    report: Report = ours()
    assert report.ok, str(report)
    turns = [(seconds(theirs), seconds(ours)) for _ in range(TURNS)]
    ratios = sorted(first / second for first, second in turns)
    ratio = statistics.median(ratios)
    theirs_median, ours_median = map(statistics.median, zip(*turns, strict=True))
    workshop.results.notes.append(
        f"{what}: {ours_median * 1e3:.0f} ms, {report.evaluations} evaluations; gradcheck (slow mode) of torch "
        f"{torch.__version__}: {theirs_median * 1e3:.0f} ms, {ratio:.1f} times as long ({ratios[0]:.1f} to {ratios[-1]:.1f} in "
        f"{TURNS} turns)"
    )
    return ratio


@pytest.mark.parametrize("what", RECURRENT)
def test_a_thousand_parameters(what: str, workshop: Workshop) -> None:
    assert compared(what, *RECURRENT[what](), workshop) >= FASTER


@pytest.mark.parametrize("what", TINY)
def test_a_tiny_function(what: str, workshop: Workshop) -> None:
    compared(what, *TINY[what](), workshop)


@pytest.mark.parametrize("what", RECURRENT)
def test_an_error_a_million_times_smaller_is_seen(what: str) -> None:
    theirs, _ = RECURRENT[what](MISSED)
    _, ours = RECURRENT[what](MISSED / SHARPER)
    assert theirs(), "gradcheck sees more than this benchmark says"
    assert ours().verdict == "wrong"


def seconds(call: Callable[[], Any]) -> float:
    """CPU seconds: what runs beside it does not count."""
    start = time.process_time()
    call()
    return time.process_time() - start
