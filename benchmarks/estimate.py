"""What a unit will take, before it is run: seconds, to choose what fits; and memory, to leave out what does not.

The constants are rough on purpose. While a run goes on, its estimates are corrected by what it has taken so far.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.counts import count, layers, parameters
from benchmarks.problems import FEW, LARGE
from benchmarks.rounds import MIN_ROUNDS, ROUND, WARM
from benchmarks.units import Unit
from gradwitness.rounding.arithmetic import SAMPLES

RATE = 3e10
"""Operations a second of one thread."""
TRAFFIC = 6e9
"""Bytes a second."""
CALL = 2e-4
"""Seconds of a call that computes nothing."""
PERTURBED = 1e-8
"""Seconds that an operation under Monte Carlo arithmetic takes for each number."""
COMPILE = {"eager": 0.05, "graph": 1.5, "jit": 1.5, "xla": 5.0, "inductor": 25.0}
"""Seconds for a network of few layers, tracing included; for one of `LAYERS` twice as much."""
LAYERS = 60
IMPORT = {"torch": 4.0, "tensorflow": 8.0, "jax": 3.0}
"""Seconds, once for each number of threads."""
HELD = 100
"""Bytes that verification holds for each trained number, and `EACH` that an implementation does."""
EACH = 20
SHARE = 0.8
"""Of the memory that is available, a unit may need so much."""


def call_seconds(unit: Unit) -> float:
    """One call of one implementation."""
    told = count(unit.problem.model, unit.problem.arguments, unit.phase)
    return CALL + told.flops / RATE + told.bytes / TRAFFIC


def seconds(unit: Unit, rounds: int) -> float:
    """The whole unit: evidence, building and compiling, verifying, warming up, rounds."""
    problem, call = unit.problem, call_seconds(unit)
    told = count(problem.model, problem.arguments, unit.phase)
    runs = FEW if parameters(problem.model, problem.arguments) > LARGE else SAMPLES
    evidence = 2 * (runs + 1) * (2 * told.flops / RATE + told.bytes / 4 * PERTURBED)
    depth = 1 + len(layers(problem.model, problem.arguments)) / LAYERS
    each = sum(COMPILE[who.mode] * depth + 6 * call for who in unit.implementations)
    turn = max(call, ROUND)
    turns = max(MIN_ROUNDS, rounds if turn < 0.2 else MIN_ROUNDS) + WARM
    return evidence + each + turns * turn * (len(unit.implementations) + 1)


def starting(unit: Unit) -> float:
    """What the first unit of a process takes besides: its frameworks are imported."""
    return sum(IMPORT.get(name, 1.0) for name in {who.framework for who in unit.implementations})


def memory(unit: Unit) -> int:
    """Bytes at most."""
    told = count(unit.problem.model, unit.problem.arguments, "forward")
    trained = parameters(unit.problem.model, unit.problem.arguments)
    return trained * (HELD + EACH * len(unit.implementations)) + told.bytes * (6 + len(unit.implementations))


def available() -> int | None:
    """Bytes of memory that are free to use, where the system says so."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), None)
