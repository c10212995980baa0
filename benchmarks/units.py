"""What a run consists of: units, each a phase of a problem with a number of threads, timed by several implementations in turn.

`units(choice)` lists them in the order in which they are worked through: the most telling first, so that what does not fit into
the time that there is is what tells least.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import adapters
from benchmarks.counts import layers
from benchmarks.plan import PHASES, REFERENCE, Implementation
from benchmarks.precision import HAVE, PRECISIONS
from benchmarks.sizes import PEERS
from benchmarks.sweeps import QUICK, SWEEPS, SWEPT, Problem, main_sweep, problems
from conformance.names import unknown
from gradwitness import frameworks

CHOICES = ("quick", "default", "full", "gpu")
VERIFIED_LONG = 8192
"""The width whose verification takes minutes: after what tells more in that time."""
UNUSUAL = (("jax", "eager"), ("tensorflow", "eager"))
"""Not how the framework is used: its documentation tells everybody to compile. Timed where asked for, and marked."""
DEVICES = ("cpu", "cuda")
COMPILED_LAYERS = 24
"""A compiler that takes half a minute for six layers is not waited for in deeper networks, unless it is asked for."""
FRAMEWORKS = ("numpy", *adapters.NAMES, *PEERS)
MODES = tuple(dict.fromkeys(mode for spec in frameworks.specs().values() for mode in spec.modes))


@dataclass(frozen=True)
class Unit:
    """A phase of a problem, with so many threads each; the reference is the first implementation."""

    problem: Problem
    phase: str
    threads: int
    implementations: tuple[Implementation, ...]

    @property
    def id(self) -> str:
        """Its name in a journal."""
        return f"{self}: {', '.join(map(str, self.implementations))}"

    def __str__(self) -> str:
        return f"{self.problem}, {self.phase}, {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True)
class Wanted:
    """What the options ask for; an empty one asks for everything of the choice.

    Raises ValueError for a name that is not there, with those that are, and where nothing is left.
    """

    choice: str = "default"
    model: Sequence[str] = ()
    sweep: Sequence[str] = ()
    number: Sequence[int] = ()
    phase: Sequence[str] = ()
    framework: Sequence[str] = ()
    mode: Sequence[str] = ()
    device: Sequence[str] = ()
    precision: Sequence[str] = ()
    threads: Sequence[int] = field(default=(1,))

    def __post_init__(self) -> None:
        there_are: dict[str, Collection[str]] = {
            "model": SWEEPS, "sweep": SWEPT, "phase": PHASES, "framework": FRAMEWORKS, "mode": MODES, "device": DEVICES,
            "precision": PRECISIONS,
        }  # fmt: skip
        for option, names in there_are.items():
            for asked in getattr(self, option):
                if asked not in names:
                    raise ValueError(unknown(option, asked, list(names)))
        if not self.problems():
            asked = ", ".join(f"--{o} {v}" for o in ("model", "sweep", "number") for v in getattr(self, o))
            raise ValueError(f"nothing is there for {asked}; sweeps are {_sweeps(self.model or SWEEPS)}")
        if len(self.implementations()) == 1:
            asked = ", ".join(f"--{o} {v}" for o in ("framework", "mode", "device", "precision") for v in getattr(self, o))
            raise ValueError(f"nothing to compare NumPy with for {asked}; `python -m benchmarks list` shows what there is")

    def problems(self) -> list[Problem]:
        """Those that are asked for, in the order of the sweeps."""
        quick = self.choice in ("quick", "gpu") and not (self.model or self.sweep or self.number)
        return [
            problem
            for problem in problems()
            if (not self.model or problem.model in self.model)
            and (not self.sweep or problem.sweep in self.sweep)
            and (not self.number or problem.number in self.number)
            and (not quick or ((problem.model, problem.sweep) == QUICK[:2] and problem.number in QUICK[2]))
        ]

    def implementations(self) -> tuple[Implementation, ...]:
        """The reference, and all others that are asked for."""
        names = [name for name in FRAMEWORKS if name != "numpy" and (not self.framework or name in self.framework)]
        found = (who for name in names for who in _of_framework(name, self.device or ("cpu",)))
        return (REFERENCE, *(who for who in found if self._asked(who)))

    def _asked(self, who: Implementation) -> bool:
        peer = who.framework in PEERS
        if (self.mode and who.mode not in self.mode) or (self.precision and who.precision not in self.precision):
            return False
        if who.device == "cpu" and (who.precision == "tf32" or (who.precision != "float32" and not self.precision)):
            return False  # no CPU has TF32, and bfloat16 is of use where somebody says so
        if self.framework or self.mode:  # asked for by name
            return not peer or who.framework in self.framework
        usual = frameworks.spec_of(who.framework).customary if not peer else ""
        if self.choice in ("quick", "gpu"):
            return who.mode == usual
        return (not peer or self.choice == "full") and (usual_mode(who) or self.choice == "full")

    def units(self) -> list[Unit]:
        """All units, in order."""
        return [unit for threads in self.threads for _, unit in sorted(self._ranked(threads), key=lambda pair: pair[0])]

    def _ranked(self, threads: int) -> Iterator[tuple[int, Unit]]:
        phases = self.phase or (("step",) if self.choice in ("quick", "gpu") else PHASES)
        for problem in self.problems():
            for phase in PHASES:
                # Beside a step on one thread, the rest is made of the main sweeps alone, unless it is asked for.
                rank = _rank(problem, phase)
                if phase not in phases or (phase != "step" and not self.phase and (threads > 1 or not main_sweep(problem))):
                    continue
                who = tuple(each for each in self.implementations() if self._timed(each, problem, phase, threads))
                if len(who) > 1:
                    yield rank, Unit(problem, phase, threads, who)

    def _timed(self, who: Implementation, problem: Problem, phase: str, threads: int) -> bool:
        if who.framework in PEERS:
            return problem.model in PEERS[who.framework] and threads == 1 and problem.sweep != "depth"
        # What takes a compiler half a minute for each size, and what nobody does (it takes half of a round's time), is in `full`
        # alone, for the main sweeps' step on one thread.
        slow = who.framework != "numpy" and who.mode in frameworks.spec_of(who.framework).slow
        few = len(layers(problem.model, problem.arguments)) <= COMPILED_LAYERS
        main = self.choice == "full" and phase == "step" and threads == 1 and main_sweep(problem)
        usual = usual_mode(who) or bool(self.framework)
        return (usual and not slow) or bool(self.mode) or (main and (few or not slow))


def usual_mode(who: Implementation) -> bool:
    """Whether it is how the framework is used."""
    return (who.framework, who.mode) not in UNUSUAL


def _of_framework(name: str, devices: Sequence[str]) -> Iterator[Implementation]:
    if name in PEERS:
        if "cpu" in devices:
            yield Implementation(name, "eager", "cpu")
        return
    spec = frameworks.spec_of(name)
    for device in devices:
        for mode in spec.modes if device in spec.devices else ():
            for precision in HAVE.get(name, ("float32",)):
                yield Implementation(name, mode, device, precision)


def _rank(problem: Problem, phase: str) -> int:
    """What is worked through first."""
    if problem.model == "mlp" and problem.sweep == "width":
        return (0 if phase == "step" else 2) if problem.number < VERIFIED_LONG else 3
    if phase != "step":
        return 6
    if main_sweep(problem):
        return 1 if problem.model in ("gpt", "lenet", "lstm_classifier") else 4
    return 3 if problem.model == "mlp" else 5


def _sweeps(models: Iterable[str]) -> str:
    return "; ".join(
        f"{model}: " + ", ".join(f"{sweep} {' '.join(map(str, each.numbers))}" for sweep, each in SWEEPS[model].items())
        for model in models
    )
