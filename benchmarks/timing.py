"""One unit, timed: every implementation built, verified, warmed up; then rounds in turn.

Verified are the results of the very call that is timed, and, where a framework has other settings for determinism (PyTorch and
TensorFlow), those of a second one that is built with determinism on. Compilers that take half a minute are called once, as timed.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from benchmarks import peak, problems
from benchmarks.counts import count, parameters
from benchmarks.implementations import build, conventions_of, load, start
from benchmarks.plan import REFERENCE, Implementation, Place
from benchmarks.precision import timing, verifying
from benchmarks.problems import LARGE, judge_phase, point
from benchmarks.rounds import MIN_ROUNDS, Timed, Warm, interleave, interval, warm_up
from benchmarks.running import TRANSFERS, Run, clock, median
from benchmarks.store import Cell
from benchmarks.units import Unit, usual_mode
from gradwitness import Disagreement, frameworks

CONTROL = "control"
"""The reference under another name, in the same rounds: A/A."""
OTHERWISE_DETERMINISTIC = ("torch", "tensorflow")


@dataclass
class Ready:
    """An implementation of a phase that agrees with the reference, and what preparing it took."""

    run: Run
    first: float
    to_device: float | None
    from_device: float | None
    peak: int | None


@dataclass
class Found:
    """What a unit gave: cells as plain data, pairs of the control, and why something is missing."""

    cells: list[Cell] = field(default_factory=list)
    control: list[list[float]] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    differ: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


def time_unit(unit: Unit, rounds: int, budget: float) -> Found:
    """Rounds of every implementation that is there and agrees; fewer than `rounds` where those take more than budget s."""
    found = Found()
    ready: dict[Implementation, Ready] = {}
    problems.only(unit.problem.model, unit.problem.size)
    for who in unit.implementations:
        name = f"{unit}, {who}"
        try:
            if who != REFERENCE:
                load(who.framework, unit.threads)
                start(who, unit.threads)
            ready[who] = prepare(unit, who)
        except frameworks.Unavailable as reason:
            found.not_run[str(who)] = str(reason)
        except Disagreement as error:
            found.differ[name] = str(error).partition("\n")[0]
        except Exception as error:  # a framework raises whatever it raises; the others go on
            found.not_run[name] = f"{type(error).__name__}: {error}".partition("\n")[0]
    if parameters(unit.problem.model, unit.problem.arguments) > LARGE:
        problems.forget()
    gc.collect()
    if len(ready) > 1:
        _rounds(unit, ready, rounds, budget, found)
    return found


def prepare(unit: Unit, who: Implementation) -> Ready:
    """Verify and build.

    Raises gradwitness.Disagreement where a result is wrong, and what the framework raises.
    """
    place = Place(who, unit.problem.model, unit.problem.size)
    conventions = conventions_of(place)
    subject = point(place.model, place.size, conventions)
    judge = partial(judge_phase, place.model, place.size, conventions, unit.phase, precision=who.precision)
    if jax := sys.modules.get("jax"):
        jax.clear_caches()  # what an earlier unit has compiled would not be compile time
    with timing(who):
        before = peak.baseline(who)
        prepared = build(place, subject, [unit.phase])
        run = prepared.runs[unit.phase]
        first, tree = clock(run)
        results = run.arrays(tree)
        away = None if who.framework not in frameworks.specs() else median(partial(run.arrays, tree), TRANSFERS)
        judge(results)
        del results, tree
        most = peak.peak(who, before, run)
    if who.framework in OTHERWISE_DETERMINISTIC and who.mode not in frameworks.spec_of(who.framework).slow:
        with verifying(who):
            deterministic = build(place, subject, [unit.phase]).runs[unit.phase]
            judge(deterministic.arrays(deterministic()))
    moves = who != REFERENCE and who.framework in frameworks.specs()
    return Ready(run, first, prepared.to_device if moves else None, away if moves else None, most)


def _rounds(unit: Unit, ready: dict[Implementation, Ready], rounds: int, budget: float, found: Found) -> None:
    timed: dict[Any, Timed] = {who: Timed(each.run, partial(timing, who)) for who, each in ready.items()}
    warm: dict[Any, Warm] = {who: warm_up(each) for who, each in timed.items()}
    unsynchronised = [who for who in ready if who.device == "cuda"]
    for who in unsynchronised:
        timed[who, "not synchronised"] = Timed(ready[who].run.call, partial(timing, who))
        warm[who, "not synchronised"] = warm[who]
    if REFERENCE in timed:
        timed[CONTROL], warm[CONTROL] = timed[REFERENCE], warm[REFERENCE]
    turn = sum(each.seconds for each in warm.values())
    rounds = max(MIN_ROUNDS, min(rounds, int(budget / turn)))
    taken = interleave(timed, warm, rounds, seed=unit.problem.number)
    found.notes += [
        f"not steady after {warm[who].rounds} rounds of warming up: {unit}, {who}" for who in ready if not warm[who].steady
    ]
    for who, each in ready.items():
        loss = each.run.arrays(each.run())[0]
        if not np.isfinite(loss).all():
            found.differ[f"{unit}, {who}"] = f"after the last round out is {loss}: it had left the ground that was verified"
            continue
        found.cells.append(_cell(unit, who, each, warm[who], taken[who]))
        if (who, "not synchronised") in taken:
            control = taken[who, "not synchronised"]
            found.cells.append(_cell(unit, who, each, warm[who], control, synchronised=False))
    if CONTROL in taken:
        found.control = [list(pair) for pair in zip(taken[REFERENCE], taken[CONTROL], strict=True)]


def _cell(
    unit: Unit, who: Implementation, each: Ready, warm: Warm, seconds: Sequence[float], *, synchronised: bool = True
) -> Cell:
    told = count(unit.problem.model, unit.problem.arguments, unit.phase)
    compiled = who.mode != "eager"
    middle = float(np.median(seconds))
    low, high = interval(list(seconds))
    return Cell(
        model=unit.problem.model, sweep=unit.problem.sweep, number=unit.problem.number, size=unit.problem.size, phase=unit.phase,
        framework=who.framework, mode=who.mode, device=who.device, precision=who.precision, threads=unit.threads,
        rounds=list(seconds), median=middle, low=low, high=high, warm=warm.rounds, first_s=each.first,
        compile_s=max(each.first - middle, 0.0) if compiled else None, to_device_s=each.to_device, from_device_s=each.from_device,
        peak_bytes=each.peak, flops=told.flops, bytes=told.bytes, usual=usual_mode(who), synchronised=synchronised,
    )  # fmt: skip
